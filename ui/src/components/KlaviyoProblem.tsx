import { useKlaviyoWords } from "../data/klaviyo_words";
import { ErrorPanel } from "../ui/Feedback";

/** An error of Klaviyo's in the reader's own words, with its cure. */
export function KlaviyoProblem({ error, retry }: { error: unknown; retry?: () => void }) {
  return <ErrorPanel error={error} say={useKlaviyoWords().trouble} {...(retry === undefined ? {} : { retry })} />;
}
