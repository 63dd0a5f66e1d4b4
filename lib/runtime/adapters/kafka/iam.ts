/** How a client signs in to a listener with IAM. */
import type { Mechanism } from 'kafkajs'
import { iamToken } from './iam-token.ts'

const LENGTH_BYTES = 4

/**
 * OAUTHBEARER with a token of IAM. The library's own implementation ignores the answer in which a broker says why it refuses a
 * token (RFC 7628, section 3.2.2), so requests would time out instead.
 */
export function iamMechanism(region: string): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const { value } = await iamToken(region)
        const refusal = await saslAuthenticate({
          request: { encode: () => withLength(`n,,\u0001auth=Bearer ${value}\u0001\u0001`) },
          response: { decode: bytes => bytes.subarray(LENGTH_BYTES), parse: bytes => bytes.toString() },
        })
        if (refusal) throw refusedToken(refusal)
      },
    }),
  }
}

function withLength(text: string): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeInt32BE(Buffer.byteLength(text))
  return Buffer.concat([length, Buffer.from(text)])
}

/** With the same type as the answer that a broker gives to other ways of signing in. */
function refusedToken(answer: string): Error {
  return Object.assign(new Error(statusIn(answer)), { type: 'SASL_AUTHENTICATION_FAILED' })
}

function statusIn(answer: string): string {
  try {
    return String((JSON.parse(answer) as { status?: unknown }).status ?? answer)
  } catch {
    return answer
  }
}
