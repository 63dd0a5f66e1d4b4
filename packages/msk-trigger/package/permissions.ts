import { destinationOf, type EventDestination } from '../config/event-destination.ts'
import { kafkaEvents, type ReadEvent, readEvents } from '../config/event-settings.ts'
import { type IntrinsicContext, NOTHING_KNOWN } from '../config/intrinsics.ts'
import type { RegistrySettings } from '../config/registry.ts'
import type { FunctionDefinition, Template } from '../support/framework.ts'

interface Statement {
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: readonly unknown[]
}

/** Logical id of the role that the framework generates for all functions without a role of their own. */
const GENERATED_ROLE = 'IamRoleLambdaExecution'

/** Adds the permissions that Kafka events need to the generated role. Custom roles are not changed. */
export function addPermissions(
  functions: Readonly<Record<string, FunctionDefinition>>,
  template: Template,
  intrinsics: IntrinsicContext = NOTHING_KNOWN,
): void {
  const role = template.Resources[GENERATED_ROLE]?.Properties as GeneratedRole | undefined
  const policy = role?.Policies[0]?.PolicyDocument
  if (!policy) return
  const present = new Set(policy.Statement.map(statement => JSON.stringify(statement)))
  for (const kafkaEvent of readEvents(kafkaEvents(functions))) {
    if (functions[kafkaEvent.functionKey]?.role) continue
    for (const statement of statementsFor(kafkaEvent, intrinsics)) {
      const text = JSON.stringify(statement)
      if (!present.has(text)) policy.Statement.push(statement)
      present.add(text)
    }
  }
}

interface GeneratedRole {
  readonly Policies: readonly { readonly PolicyDocument: { readonly Statement: Statement[] } }[]
}

function statementsFor(kafkaEvent: ReadEvent, intrinsics: IntrinsicContext): Statement[] {
  const { kind, settings, event } = kafkaEvent
  const cluster = event.arn
  const destination = destinationOf(kafkaEvent, intrinsics)
  return [
    ...(kind === 'msk' ? clusterStatements(cluster, settings, event.saslScram512) : []),
    ...(destination ? destinationStatements(destination, kind === 'msk' ? cluster : undefined) : []),
    ...registryStatements(settings.schemaRegistryConfig),
  ]
}

/** Returns the permissions for a cluster. With IAM, they allow reading; with SCRAM, they allow reading the user's secret. */
function clusterStatements(cluster: unknown, settings: ReadEvent['settings'], secret: unknown): Statement[] {
  const describe = allow(['kafka:DescribeClusterV2'], [cluster])
  if (secret != null) {
    return [
      describe,
      allow(['kafka:ListScramSecrets'], [cluster]),
      allow(['secretsmanager:GetSecretValue'], [secret]),
    ]
  }
  return [
    describe,
    allow(['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration'], [cluster]),
    allow(
      ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
      [within(cluster, 'topic', settings.topic)],
    ),
    // Without `consumerGroupId`, the group gets the id of the mapping, which is not known before the deployment.
    allow(
      ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
      [within(cluster, 'group', settings.consumerGroupId ?? '*')],
    ),
  ]
}

/**
 * Returns the permissions for a destination (rules 41 to 43 in `RULES.md`). A topic of a self-managed cluster needs none, because
 * the cluster itself controls access.
 */
function destinationStatements({ kind, reference, local }: EventDestination, cluster: unknown): Statement[] {
  switch (kind) {
    case 'sqs':
      return [allow(['sqs:SendMessage'], [reference])]
    case 'sns':
      return [allow(['sns:Publish'], [reference])]
    case 's3':
      return [allow(['s3:ListBucket'], [reference]), allow(['s3:PutObject'], [joined(reference, '/*')])]
    case 'kafka': {
      if (cluster === undefined || local?.kind !== 'kafka') return []
      const topic = within(cluster, 'topic', local.topic)
      return [allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], [topic])]
    }
  }
}

/**
 * Returns the permissions for a schema registry. Lambda accesses a Glue registry with the function's role, and any other registry
 * with a secret.
 */
function registryStatements(config: RegistrySettings | undefined): Statement[] {
  if (!config) return []
  const { schemaRegistryURI: uri, accessConfigs } = config
  const secrets = (accessConfigs ?? []).map(access => access.uri)
  const isGlue = typeof uri !== 'string' || uri.startsWith('arn:')
  return [
    // Lambda requests schema versions by id, which cannot be restricted by a resource name.
    ...(isGlue ? [allow(['glue:GetRegistry'], [uri]), allow(['glue:GetSchemaVersion'], ['*'])] : []),
    ...(secrets.length > 0 ? [allow(['secretsmanager:GetSecretValue'], secrets)] : []),
  ]
}

/**
 * Returns the ARN of a topic or group in a cluster. For example, `arn:…:cluster/<name>/<uuid>` becomes
 * `arn:…:topic/<name>/<uuid>/<topic>`.
 */
function within(cluster: unknown, what: 'topic' | 'group', name: string): unknown {
  if (typeof cluster === 'string') return `${cluster.replace(':cluster/', `:${what}/`)}/${name}`
  const half = (index: number) => ({ 'Fn::Select': [index, { 'Fn::Split': [':cluster/', cluster] }] })
  return { 'Fn::Join': ['', [half(0), `:${what}/`, half(1), `/${name}`]] }
}

function joined(reference: unknown, suffix: string): unknown {
  return typeof reference === 'string' ? `${reference}${suffix}` : { 'Fn::Join': ['', [reference, suffix]] }
}

function allow(actions: readonly string[], resources: readonly unknown[]): Statement {
  return { Effect: 'Allow', Action: actions, Resource: resources }
}
