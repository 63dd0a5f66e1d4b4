/** HTTP API of a deployed console. Pure. */

import type { Place } from '../place/place.ts'

type ConsoleTokens = Place['consoleTokens']

/**
 * The sign-in page is served by the API as well, so an authorizer cannot require the console's own tokens. The authorizer can
 * require a second token in a separate header. A proxy that signs users in to the organization adds this header.
 */
const AUTHORIZER = 'consoleTokens'
const TOKEN_HEADER = '$request.header.X-Console-Authorization'

/**
 * Maximum requests per second; an open page sends a few requests every few seconds. API Gateway answers further requests with 429
 * and does not call the function.
 */
const RATE = 20
const BURST = 50

/** Returns the HTTP event of the console's function. The function receives all requests, because the console has its own router. */
export function buildConsoleEvent(tokens: ConsoleTokens): object {
  return { httpApi: tokens ? { path: '*', authorizer: { name: AUTHORIZER } } : '*' }
}

/** Returns the Serverless Framework's settings of the API. */
export function buildConsoleApi(tokens: ConsoleTokens): object {
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
