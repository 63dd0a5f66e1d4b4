const REGISTRY_ANSWERS_WITHIN_MS = 2_000
/**
 * Time limit for the response of LocalStack, in milliseconds. LocalStack treats the plain GET as a request to S3, and loads S3 at
 * the first request.
 */
const AWS_ANSWERS_WITHIN_MS = 15_000

/** Returns true if a schema registry with Confluent's API responds. */
export function registryAnswers(url: string): Promise<boolean> {
  // A registry that requires credentials also counts.
  const isOne = ({ ok, status }: Response) => ok || status === 401
  return httpAnswers(`${url.replace(/\/+$/, '')}/subjects`, REGISTRY_ANSWERS_WITHIN_MS, isOne)
}

/**
 * Returns true if an AWS endpoint responds to a plain GET. The content is ignored, because each emulator has a different health
 * page.
 */
export function awsAnswers(url: string): Promise<boolean> {
  return httpAnswers(url, AWS_ANSWERS_WITHIN_MS, ({ status }) => status < 500)
}

async function httpAnswers(
  url: string,
  withinMs: number,
  isReady: (response: Response) => boolean,
): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) })
    await response.body?.cancel()
    return isReady(response)
  } catch {
    return false
  }
}
