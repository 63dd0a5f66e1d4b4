/** Generates docs/permissions.md from the roles of a deployment: `npm run permissions`. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readFunctions } from '../lib/app/functions.ts'
import { account } from './account.ts'
import type { Statement } from './arn.ts'
import { isDeployed } from './expand-functions.ts'
import { roleId, roles } from './roles.ts'
import { STAGES } from './stages.ts'

export const PAGE = new URL('../docs/permissions.md', import.meta.url)

const PROJECT = resolve(import.meta.dirname, '..')
const REGION = 'eu-west-1'
const CLUSTER = `arn:aws:kafka:${REGION}:123456789012:cluster/telemetry/00000000-0000-0000-0000-000000000000-1`

/** Settings of a deployment that uses all options, so that the page lists all permissions. */
const EVERYTHING = {
  MSK_CLUSTER_ARN: CLUSTER,
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1',
  SECURITY_GROUP_IDS: 'sg-1',
  SCHEMA_REGISTRY_URL: 'https://registry.example',
  SCHEMA_REGISTRY_SECRET: 'registry-secret',
  CHECKPOINT_BUCKET: 'checkpoint-bucket',
  HISTORY_BUCKET: 'history-bucket',
  HISTORY_KEY_ARN: `arn:aws:kms:${REGION}:123456789012:key/history-key`,
  ON_FAILURE_QUEUE_ARN: `arn:aws:sqs:${REGION}:123456789012:on-failure-queue`,
  ON_FAILURE_BUCKET: 'on-failure-bucket',
  SLUICE_CONSOLE: 'on',
}

/** Form of an ARN with wildcards that policies use, and the reason why policies cannot use the full ARN. */
interface Pattern {
  readonly form: RegExp
  readonly shown: string
  readonly why: string
}

/** All wildcard ARNs that policies use, as `resourceText` formats them. `*` alone is not included. */
export const PATTERNS: readonly Pattern[] = [
  {
    form: /^logs:log-group:\S+:\*$/,
    shown: 'logs:log-group:…:*',
    why: 'Lambda chooses the names of the log streams',
  },
  {
    form: /^ec2:\*\/\*$/,
    shown: 'ec2:*/*',
    why: 'the ids of network interfaces are unknown before Lambda creates them. The code of the function is denied these actions',
  },
  {
    form: /^arn:<partition>:ec2:<region>:\*:(subnet|security-group)\/\S+$/,
    shown: 'arn:<partition>:ec2:<region>:*:…/…',
    why: 'a shared subnet or security group has the ARN of the account that shares it, which the id does not contain',
  },
  {
    form: /^secretsmanager:secret:\S+-\?{6}$/,
    shown: 'secretsmanager:secret:…-??????',
    why: 'Secrets Manager appends six random characters to the ARN of a secret',
  },
  {
    form: /^secretsmanager:secret:\S+\/receivers\/\*$/,
    shown: 'secretsmanager:secret:…/receivers/*',
    why: 'receivers and their secrets are defined in a configuration file',
  },
  {
    form: /^kms:key\/\*$/,
    shown: 'kms:key/*',
    why: 'the id of the key is unknown, so a condition selects the key',
  },
  {
    form: /^glue:table\/\w+\/\*$/,
    shown: 'glue:table/…/*',
    why: 'tables and views of a database without other uses',
  },
  {
    form: /^s3:::[^/]+\/\S*\*$/,
    shown: 's3:::…/*',
    why: 'objects with a fixed prefix, or of a bucket without other uses',
  },
]

/**
 * Actions that are allowed on all resources, with the reason. Most of them have no resource-level permissions:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/
 */
export const UNNAMED: ReadonlyMap<string, string> = new Map([
  ['ec2:DescribeNetworkInterfaces', 'has no resource-level permissions'],
  ['ec2:DescribeSecurityGroups', 'has no resource-level permissions'],
  ['ec2:DescribeSubnets', 'has no resource-level permissions'],
  ['ec2:DescribeVpcs', 'has no resource-level permissions'],
])

/** Returns the policy statements of each function's role in a stage, by function. */
export function statementsIn(stage: string): ReadonlyMap<string, readonly Statement[]> {
  const place = account(stage, REGION, EVERYTHING, PROJECT)
  if (place.problems.length > 0) throw new Error(place.problems.join('\n'))
  const functions = readFunctions().filter(one => isDeployed(one, place))
  const made = roles(functions, { ...place, stage })
  return new Map(functions.map(({ name }) => [name, statementsOf(made[roleId(name)])] as const))
}

interface Role {
  readonly Properties: {
    readonly Policies: readonly { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[]
  }
}

function statementsOf(role: object | undefined): readonly Statement[] {
  return (role as Role).Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
}

/**
 * Formats an ARN for the page. The common prefix is removed, and parts that differ between accounts are replaced by placeholders.
 */
export function resourceText(resource: unknown): string {
  const text = typeof resource === 'string' ? resource : (resource as { 'Fn::Sub': string })['Fn::Sub']
  return text
    .replace(/\$\{AWS::(\w+)\}/g, (_, name: string) => `<${PLACEHOLDERS[name] ?? name}>`)
    .replace(/^arn:(?:aws|<partition>):(\w+):(?:[\w-]+:\d+|<region>:<account>):/, '$1:')
    .replace(/^arn:<partition>:s3:::/, 's3:::')
    .replace('telemetry/00000000-0000-0000-0000-000000000000-1', '<cluster>')
    .replace(/(?<=:(subnet|security-group)\/)[a-z]+-1$/, '<$1>')
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  Partition: 'partition',
  Region: 'region',
  AccountId: 'account',
}

const INTRODUCTION = `# Permissions

<!-- Written by \`npm run permissions\` from the code that makes the roles. Changes made here are lost. -->

Each function has a role of its own. This page has all that these roles allow, in every stage (${Object.keys(STAGES).join(', ')}). It shows a
deployment with everything: [bucket](deployment.md#checkpoints), [console](console.md#in-an-account), registry with a login, queue and bucket of
discarded records. Without one of these, its lines are missing. With [SCRAM](deployment.md#signing-in-to-kafka), each function with Kafka also
reads that secret, with \`OTEL_HEADERS_SECRET\` each consumer that one, and with [tracing](functions.md#tracing) each may send traces to X-Ray.

The deployment fills in names in angle brackets, such as \`<function>\`. \`arn:<partition>:<service>:<region>:<account>:…\` is written
\`<service>:…\`, and \`arn:<partition>:s3:::…\` is written \`s3:::…\`.`

/** Returns the whole page. */
export function permissionsPage(): string {
  const rows = permissionRows()
  const shared = rows.filter(({ functions }) => functions.length > 1)
  const sets = Map.groupBy(shared, ({ functions }) => functions.join(', '))
  const own = Map.groupBy(
    rows.filter(row => !shared.includes(row)),
    ({ functions }) => functions[0] ?? '',
  )
  const bySize = [...sets].toSorted(([a], [b]) => b.length - a.length)
  const every = functionNames()
  return `${[
    INTRODUCTION,
    '## Resources without a full name',
    'All other permissions name their resources in full.',
    unnamedList(),
    '## Several functions',
    ...bySize.map(([names, rows]) => `${shortest(names.split(', '), every)}:\n\n${listOf(rows)}`),
    ...[...own].map(([name, rows]) => `## ${name}\n\n${listOf(rows)}`),
  ].join('\n\n')}\n`
}

/** Returns a text that lists the functions. If most functions are included, it lists the others as exceptions. */
function shortest(names: readonly string[], every: readonly string[]): string {
  const others = every.filter(name => !names.includes(name))
  if (others.length === 0) return 'All functions'
  return others.length < names.length ? `All functions except ${others.join(', ')}` : names.join(', ')
}

/** Returns a list of the actions that are allowed on all resources, with the reasons. */
function unnamedList(): string {
  const byReason = Map.groupBy(UNNAMED, ([, why]) => why)
  return [
    ...PATTERNS.map(({ shown, why }) => `- \`${shown}\`: ${why}`),
    ...[...byReason].map(
      ([why, actions]) => `- \`*\` for ${actions.map(([action]) => `\`${action}\``).join(', ')}: ${why}`,
    ),
  ].join('\n')
}

function listOf(rows: readonly PermissionRow[]): string {
  return rows.map(({ text }) => `- ${text}`).join('\n')
}

/**
 * A line of the page: a permission of one or more functions. If several functions have it, `<function>` replaces their names in the
 * text.
 */
export interface PermissionRow {
  readonly text: string
  readonly functions: readonly string[]
}

/** Returns all permissions of all functions in any stage. */
export function permissionRows(): readonly PermissionRow[] {
  const rows = functionNames().flatMap(name =>
    rowsOf(name).map(text => ({ name, text, shared: withoutName(text, name) })),
  )
  const groups = Map.groupBy(rows, ({ shared }) => shared)
  return [...groups.values()].map(group => {
    const [first] = group
    const functions = group.map(({ name }) => name)
    return { text: (functions.length > 1 ? first?.shared : first?.text) ?? '', functions }
  })
}

const STAGE_NAMES = Object.keys(STAGES)

/** Returns the functions that have a role in any stage. */
function functionNames(): readonly string[] {
  return [...new Set(STAGE_NAMES.flatMap(stage => [...statementsIn(stage).keys()]))]
}

function withoutName(text: string, name: string): string {
  return text.replaceAll(
    new RegExp(`(?<![\\w-])${name}(?![\\w-])|(?<=sluice-(?:<stage>-)?)${name}(?![\\w])`, 'g'),
    '<function>',
  )
}

/** Returns the permissions of one function, one line per statement. A line lists its stages unless it applies to all stages. */
export function rowsOf(name: string): readonly string[] {
  const stages = STAGE_NAMES.map(stage => ({ stage, rows: rowsIn(stage, name) }))
  const all = [...new Set(stages.flatMap(({ rows }) => rows))]
  return all.map(row => {
    const having = stages.filter(one => one.rows.includes(row)).map(({ stage }) => stage)
    return having.length === stages.length ? row : `${row} (${having.join(', ')} only)`
  })
}

function rowsIn(stage: string, name: string): string[] {
  const statements = statementsIn(stage).get(name) ?? []
  const inAnyStage = (text: string) =>
    text.replace(new RegExp(`(?<![A-Za-z0-9])${stage}(?![A-Za-z0-9])`, 'g'), '<stage>')
  return statements.map(statement => inAnyStage(rowOf(statement)))
}

function rowOf({ Effect, Action, Resource, Condition }: Statement): string {
  const code = (text: string) => `\`${text}\``
  const actions = [...Action].sort().map(code).join(', ')
  const resources = Resource.map(one => code(resourceText(one))).join(', ')
  const condition = Condition ? ` if ${code(conditionText(Condition))}` : ''
  return `${Effect === 'Deny' ? 'denied to the code: ' : ''}${actions} on ${resources}${condition}`
}

function conditionText(condition: object): string {
  const text = (value: unknown): string => [value].flat().map(resourceText).join(' or ')
  return Object.entries(condition as Record<string, Record<string, unknown>>)
    .flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => `${key} ${operator} ${text(value)}`),
    )
    .join(' and ')
}

if (import.meta.main) writeFileSync(PAGE, permissionsPage())
