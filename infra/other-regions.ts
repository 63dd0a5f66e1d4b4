/** Finds settings that refer to resources in other regions. A deployment cannot use such resources. Pure. */
import { isSecretArn } from './statements/secrets.ts'

/** Kinds of resources that functions and event source mappings can use only in their own region, by variable. */
const KINDS = {
  MSK_CLUSTER_ARN: 'cluster',
  ON_FAILURE_QUEUE_ARN: 'queue',
  KAFKA_SECRET: 'secret',
  KAFKA_CA_SECRET: 'secret',
  SCHEMA_REGISTRY_SECRET: 'secret',
  WAREHOUSE_SECRET: 'secret',
  OTEL_HEADERS_SECRET: 'secret',
  HISTORY_KEY_ARN: 'key',
} as const

/**
 * Returns one sentence for each variable that refers to another region.
 *
 * @param given ARNs by variable. For a secret, the value can also be its name.
 * @param region region to deploy to
 */
export function otherRegions(
  given: Readonly<Record<keyof typeof KINDS, string | undefined>>,
  region: string,
): string[] {
  return Object.entries(KINDS).flatMap(([variable, kind]) => {
    const arn = given[variable as keyof typeof KINDS]
    if (arn === undefined || (kind === 'secret' && !isSecretArn(arn))) return []
    const its = arn.split(':')[3]
    if (its === region) return []
    // All other resources must be in the region of the cluster.
    const instead =
      kind === 'cluster' ? `use --region ${its}, or a cluster in ${region}` : `use a ${kind} in ${region}`
    return [`${variable} is a ${kind} in ${its}, but the deployment is in ${region}. Instead, ${instead}.`]
  })
}
