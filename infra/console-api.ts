/** HTTP API of a deployed console. Pure. */

/** Issuer of the tokens that an authorizer requires before the function is called. */
export interface ConsoleTokens {
  /** URL of an OpenID Connect issuer. */
  readonly issuer: string
  readonly audience: string
}

/**
 * The sign-in page is served by the API as well, so an authorizer cannot require the console's own tokens. It can require a second token in
 * a separate header, which a proxy with the organization's sign-in adds.
 */
const AUTHORIZER = 'consoleTokens'
const TOKEN_HEADER = '$request.header.X-Console-Authorization'

/** Requests per second: an open page sends a few every few seconds. API Gateway rejects more with 429, without calling the function. */
const RATE = 20
const BURST = 50

/** Event of the function. It receives all requests, because the console has its own router. */
export function consoleEvent(tokens: ConsoleTokens | undefined): object {
  return { httpApi: tokens ? { path: '*', authorizer: { name: AUTHORIZER } } : '*' }
}

/** Returns the Serverless Framework's settings of the API. */
export function consoleApi(tokens: ConsoleTokens | undefined): object {
  if (!tokens) return {}
  const { issuer: issuerUrl, audience } = tokens
  return {
    authorizers: {
      [AUTHORIZER]: { type: 'jwt', identitySource: TOKEN_HEADER, issuerUrl, audience: [audience] },
    },
  }
}

/** Properties of the API's stage that the Serverless Framework does not set. */
export const CONSOLE_STAGE = {
  HttpApiStage: {
    Properties: {
      DefaultRouteSettings: { ThrottlingRateLimit: RATE, ThrottlingBurstLimit: BURST },
    },
  },
} as const
