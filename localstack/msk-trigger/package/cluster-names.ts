import { kafkaEvents, nameOf } from '../config/event-settings.ts'
import {
  type IntrinsicContext,
  isIntrinsic,
  referredResource,
  resolveIntrinsics,
} from '../config/intrinsics.ts'
import { ConfigurationError, type FunctionDefinition } from '../support/framework.ts'
import { isObject, show } from '../support/values.ts'

/** The name of a cluster that only CloudFormation knows. */
const UNKNOWN = 'Cluster'

/** Gives references to clusters a name, at which the framework would crash. @returns removes these names @throws ConfigurationError */
export function nameClusters(
  functions: Readonly<Record<string, FunctionDefinition>>,
  intrinsics: IntrinsicContext,
): () => void {
  const named: object[] = []
  for (const kafkaEvent of kafkaEvents(functions)) {
    const { kind, event } = kafkaEvent
    const { arn } = event
    if (kind !== 'msk' || isNamed(arn)) continue
    if (!isIntrinsic(arn))
      throw new ConfigurationError(
        `arn of the ${nameOf(kafkaEvent)} must be the ARN of a cluster, or a reference to one, not ${show(arn)}: ` +
          'without it the event can be read locally, but not deployed',
      )
    // Not enumerable, so that it is not written.
    Object.defineProperty(arn, 'Ref', { value: nameIn(arn, intrinsics), configurable: true })
    named.push(arn)
  }
  return () => {
    for (const arn of named) Reflect.deleteProperty(arn, 'Ref')
  }
}

function isNamed(arn: unknown): boolean {
  if (typeof arn === 'string') return Boolean(arn.split('/')[1])
  return isObject(arn) && (typeof arn.Ref === 'string' || typeof arn['Fn::ImportValue'] === 'string')
}

function nameIn(arn: object, intrinsics: IntrinsicContext): string {
  const known = resolveIntrinsics(arn, intrinsics)
  const name = typeof known === 'string' ? known.split('/')[1] : referredResource(arn)
  return name || UNKNOWN
}
