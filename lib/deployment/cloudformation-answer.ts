/** Sends the response of a custom resource to CloudFormation by uploading it to a presigned S3 URL. */
import { setTimeout as pause } from 'node:timers/promises'

const ATTEMPT_MS = 5_000
/** Delays before the second and the third attempt, in milliseconds. */
const PAUSES_MS = [500, 2_000]

/**
 * Uploads the response, in up to three attempts.
 *
 * @param url presigned URL. It is a secret, and error messages never contain it.
 * @throws Error if all attempts fail
 */
export async function putAnswer(url: string, body: string): Promise<void> {
  for (const waitMs of [...PAUSES_MS, undefined]) {
    const problem = await put(url, body)
    if (problem === undefined) return
    if (waitMs === undefined)
      throw new Error(
        `The response could not be sent to CloudFormation: ${problem}. In a VPC, add a gateway endpoint for S3 whose policy allows access to the bucket`,
      )
    await pause(waitMs)
  }
}

/** Makes one attempt. Returns an error message; undefined on success. */
async function put(url: string, body: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'PUT',
      // A buffer is sent without a content type, as the signature of the URL requires.
      body: Buffer.from(body),
      signal: AbortSignal.timeout(ATTEMPT_MS),
    })
    await answer.body?.cancel()
    return answer.ok ? undefined : `HTTP status ${answer.status}`
  } catch (error) {
    const { name, cause } = error as Error
    return (cause as { code?: string } | undefined)?.code ?? name
  }
}
