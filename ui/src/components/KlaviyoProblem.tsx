import { useKlaviyoWords } from "../data/klaviyo_words";
import { asApiError } from "../ipc/api_error";
import { ErrorPanel } from "../ui/Feedback";

/** An error of Klaviyo's in the reader's own words, with its cure. */
export function KlaviyoProblem({ error, retry }: { error: unknown; retry?: () => void }) {
  const said = useKlaviyoWords().trouble(asApiError(error));
  return <ErrorPanel error={said} detail={said.detail} {...(retry === undefined ? {} : { retry })} />;
}
