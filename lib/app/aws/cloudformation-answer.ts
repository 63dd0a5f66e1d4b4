/** Hands the answer of a custom resource to CloudFormation: a file in S3, at an address that CloudFormation has signed. */
import { setTimeout as pause } from 'node:timers/promises'

const ATTEMPT_MS = 5_000
/** Waits before the second and the third attempt, in milliseconds. */
const PAUSES_MS = [500, 2_000]

/**
 * Writes the answer, in several attempts.
 *
 * @param url is never part of an error, because it is signed
 * @throws Error if no attempt succeeds
 */
export async function putAnswer(url: string, body: string): Promise<void> {
  for (const waitMs of [...PAUSES_MS, undefined]) {
    const problem = await put(url, body)
    if (problem === undefined) return
    if (waitMs === undefined)
      throw new Error(
        `CloudFormation cannot be answered: ${problem}. From a VPC, its bucket in S3 is reached over a gateway endpoint whose policy lets it`,
      )
    await pause(waitMs)
  }
}

/** Sends the answer. Returns an error message, undefined on success. */
async function put(url: string, body: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'PUT',
      // Bytes have no content type, and the signature is for none.
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
