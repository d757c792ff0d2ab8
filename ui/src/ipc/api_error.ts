import type { ApiError } from "./generated/ApiError";

/** Whether something thrown is the engine's own error. */
export function isApiError(thrown: unknown): thrown is ApiError {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    "code" in thrown && typeof thrown.code === "string" &&
    "message" in thrown && typeof thrown.message === "string" &&
    "hint" in thrown && typeof thrown.hint === "string"
  );
}

/** Anything thrown, as `{code, message, hint}`. What is not the engine's gets the code `WINDOW_ERROR`. */
export function asApiError(thrown: unknown): ApiError {
  if (isApiError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "WINDOW_ERROR", message, hint: "" };
}
