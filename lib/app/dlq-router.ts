import { loadPolicy } from '../failures/adapters/policy-file.ts'
import { failureRouter } from '../failures/process.ts'
import { toFunctionName } from './resource-names.ts'
import { FAILURES, GENERAL } from './settings/index.ts'
import { signalNamed } from './topics.ts'
import type { CombinedParts } from '#runtime/settings/read-settings.ts'

/** Settings of the consumer `dlq-router`. */
export const DLQ_ROUTER_SLICES = [GENERAL, FAILURES] as const

/**
 * Returns the consumer `dlq-router`, with the failure policy from the configured folder.
 *
 * @throws FileError if the policy is missing or invalid
 */
export async function dlqRouter({
  env,
  failuresDir,
  failureConsumers,
}: CombinedParts<typeof DLQ_ROUTER_SLICES>): Promise<ReturnType<typeof failureRouter>> {
  const policy = await loadPolicy(failuresDir, failureConsumers)
  return failureRouter({
    policy,
    findTopicName: topic => signalNamed(topic, env),
    resolveConsumer: name => toFunctionName(name, env),
  })
}
