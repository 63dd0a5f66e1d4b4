import type { DeclaredResource } from '../config/event-destination.ts'
import type { Log } from '../support/framework.ts'
import { awsName, createInAws } from './aws-check.ts'

/** Creates the resources that are missing in what stands in for AWS, and logs a line for each. Never rejects. */
export async function createResources(
  resources: readonly DeclaredResource[],
  log: Pick<Log, 'notice' | 'warning'>,
  create = createInAws,
): Promise<void> {
  await Promise.all(
    resources.map(async ({ id, local }) => {
      if (!local)
        return log.warning(`msk  ${id} of resources is not created: only CloudFormation knows its name`)
      const { kind, arn } = local
      try {
        if (await create(kind, arn)) log.notice(`msk  created ${awsName(kind, arn)}`)
      } catch (error) {
        const { message, name } = error as Error
        log.warning(`msk  ${awsName(kind, arn)} is not created: ${message || name}`)
      }
    }),
  )
}
