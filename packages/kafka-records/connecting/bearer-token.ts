/** Token authentication for kafkajs clients. */

const LENGTH_BYTES = 4
const SEPARATOR = '\u0001'

interface Signing {
  saslAuthenticate(exchange: {
    readonly request: { encode(): Buffer }
    readonly response: { decode(bytes: Buffer): Buffer; parse(bytes: Buffer): string }
  }): Promise<unknown>
}

/** Token for the SASL mechanism OAUTHBEARER. */
export interface BearerToken {
  readonly value: string
  /** SASL extensions, such as `logicalCluster`. */
  readonly extensions?: Readonly<Record<string, string>>
}

/**
 * Returns an implementation of the SASL mechanism OAUTHBEARER. The implementation in kafkajs ignores the reason for which a broker
 * refuses a token (RFC 7628, section 3.2.2), so its requests would time out instead.
 *
 * @param token called for each connection
 */
export function bearerMechanism(token: () => Promise<BearerToken>) {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }: Signing) => ({
      async authenticate() {
        const { value, extensions = {} } = await token()
        const pairs = [['auth', `Bearer ${value}`], ...Object.entries(extensions)]
        const fields = pairs.map(([name, text]) => `${SEPARATOR}${name}=${text}`).join('')
        const refusal = await saslAuthenticate({
          request: { encode: () => withLength(`n,,${fields}${SEPARATOR}${SEPARATOR}`) },
          response: { decode: bytes => bytes.subarray(LENGTH_BYTES), parse: bytes => bytes.toString() },
        })
        if (refusal) throw refusedToken(String(refusal))
      },
    }),
  }
}

function withLength(text: string): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeInt32BE(Buffer.byteLength(text))
  return Buffer.concat([length, Buffer.from(text)])
}

/** Returns the error for a refused token. It has the same type as the errors of other authentication mechanisms. */
function refusedToken(answer: string): Error {
  return Object.assign(new Error(readStatus(answer)), { type: 'SASL_AUTHENTICATION_FAILED' })
}

function readStatus(answer: string): string {
  try {
    return String((JSON.parse(answer) as { status?: unknown }).status ?? answer)
  } catch {
    return answer
  }
}
