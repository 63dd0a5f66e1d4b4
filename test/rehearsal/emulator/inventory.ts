/** Everything that there is in the emulator, by name: what a removal has left is what was not there before. */
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { type Emulator, elements, REGION } from './requests.ts'

/** The names of what there is, by kind. */
export type Inventory = Readonly<Record<string, readonly string[]>>

type Row = Readonly<Record<string, unknown>>

/** @throws Error if a kind cannot be listed: what was not looked at is not known to be gone */
export async function readInventory(emulator: Emulator): Promise<Inventory> {
  const kinds = Object.entries(LISTED)
  const found = await Promise.all(kinds.map(([, list]) => list(emulator)))
  return Object.fromEntries(kinds.map(([kind], index) => [kind, found[index]?.toSorted() ?? []]))
}

/** Returns the entries of the second that are missing from the first, as `kind name`. */
export function addedTo(before: Inventory, after: Inventory): string[] {
  return Object.entries(after).flatMap(([kind, names]) =>
    names.filter(name => !before[kind]?.includes(name)).map(name => `${kind} ${name}`),
  )
}

const LISTED: Readonly<Record<string, (emulator: Emulator) => Promise<string[]>>> = {
  stack: async emulator => {
    const xml = await emulator.query('cloudformation', 'DescribeStacks')
    const [names, states] = [elements(xml, 'StackName'), elements(xml, 'StackStatus')]
    return names.filter((_, index) => states[index] !== 'DELETE_COMPLETE')
  },
  function: async emulator =>
    named(await emulator.rest('lambda', '/2015-03-31/functions/'), 'Functions', 'FunctionName'),
  'event source mapping': async emulator =>
    named(await emulator.rest('lambda', '/2015-03-31/event-source-mappings/'), 'EventSourceMappings', 'UUID'),
  role: async emulator => elements(await emulator.query('iam', 'ListRoles'), 'RoleName'),
  rule: async emulator => named(await emulator.json('events', 'ListRules', {}), 'Rules', 'Name'),
  'log group': async emulator =>
    named(await emulator.json('logs', 'DescribeLogGroups', {}), 'logGroups', 'logGroupName'),
  queue: async emulator => texts((await emulator.json('sqs', 'ListQueues', {})).QueueUrls),
  topic: async emulator => elements(await emulator.query('sns', 'ListTopics'), 'TopicArn'),
  alarm: async emulator => elements(await emulator.query('monitoring', 'DescribeAlarms'), 'AlarmName'),
  'key alias': async emulator => named(await emulator.json('kms', 'ListAliases', {}), 'Aliases', 'AliasName'),
  secret: async emulator =>
    named(await emulator.json('secretsmanager', 'ListSecrets', {}), 'SecretList', 'Name'),
  parameter: async emulator =>
    named(await emulator.json('ssm', 'DescribeParameters', {}), 'Parameters', 'Name'),
  bucket: buckets,
}

async function buckets({ endpoint }: Emulator): Promise<string[]> {
  const s3 = new S3Client(sdkAccess(endpoint))
  const { Buckets = [] } = await s3.send(new ListBucketsCommand()).finally(() => s3.destroy())
  return Buckets.flatMap(({ Name }) => Name ?? [])
}

/** How the clients of the SDK reach the emulator. */
function sdkAccess(endpoint: string) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return { endpoint, region: REGION, credentials, forcePathStyle: true }
}

/** @throws Error if there are further pages */
function named(answer: Row, list: string, name: string): string[] {
  for (const more of ['NextToken', 'nextToken', 'NextMarker'])
    if (answer[more]) throw new Error(`the list of ${list} has further pages, which would be missed`)
  const rows = answer[list]
  return Array.isArray(rows) ? rows.map((row: Row) => String(row[name])) : []
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.map(String) : []
}
