/** The HTTP API in front of the console. Pure. */

/** Issuer of the tokens that requests must have to reach the function. */
export interface ConsoleTokens {
  /** An OpenID Connect issuer. */
  readonly issuer: string
  readonly audience: string
}

/**
 * The page itself signs people in, at any address of the API, so an authorizer cannot ask for the console's own tokens: it would refuse the
 * sign-in page. It can ask for another token in a header of its own, which a proxy with the organisation's sign-in adds.
 */
const AUTHORIZER = 'consoleTokens'
const TOKEN_HEADER = '$request.header.X-Console-Authorization'

/** Requests a second: a page asks a few times in some seconds. Beyond them, API Gateway answers 429 and the function is not called. */
const RATE = 20
const BURST = 50

/** The event of the function: every request, because the console knows its own addresses. */
export function consoleEvent(tokens: ConsoleTokens | undefined): object {
  return { httpApi: tokens ? { path: '*', authorizer: { name: AUTHORIZER } } : '*' }
}

/** The framework's fields of the API. */
export function consoleApi(tokens: ConsoleTokens | undefined): object {
  if (!tokens) return {}
  const { issuer: issuerUrl, audience } = tokens
  return {
    authorizers: {
      [AUTHORIZER]: { type: 'jwt', identitySource: TOKEN_HEADER, issuerUrl, audience: [audience] },
    },
  }
}

/** Properties of the API's stage that the framework does not set. */
export const CONSOLE_STAGE = {
  HttpApiStage: {
    Properties: {
      DefaultRouteSettings: { ThrottlingRateLimit: RATE, ThrottlingBurstLimit: BURST },
    },
  },
} as const
