/** How a client signs in to a listener with IAM. */
import { bearerMechanism } from '@sluice/kafka-records/connecting'
import type { Mechanism } from 'kafkajs'
import { iamToken } from './iam-token.ts'

/** OAUTHBEARER with a token of IAM. */
export function iamMechanism(region: string): Mechanism {
  return bearerMechanism(() => iamToken(region))
}
