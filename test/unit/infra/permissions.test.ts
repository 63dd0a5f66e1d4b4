import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import { isDeployed } from '../../../infra/functions/expanded-fields.ts'
import { readAccount } from '../../../infra/place/account.ts'
import { STAGES } from '../../../infra/place/stages.ts'
import { buildRoles, toRoleId } from '../../../infra/roles/roles.ts'
import type { Statement } from '../../../infra/statements/statement.ts'
import { listCodeWords } from '../../support/code-words.ts'
import { NAMES } from '../../support/families.ts'

const REGION = 'eu-west-1'
const CLUSTER = `arn:aws:kafka:${REGION}:123456789012:cluster/telemetry/00000000-0000-0000-0000-000000000000-1`

/** Settings of a deployment that uses all options. */
const EVERYTHING = {
  MSK_CLUSTER_ARN: CLUSTER,
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1',
  SECURITY_GROUP_IDS: 'sg-1',
  SCHEMA_REGISTRY_URL: 'https://registry.example',
  SCHEMA_REGISTRY_SECRET: 'registry-secret',
  HISTORY_BUCKET: 'history-bucket',
  HISTORY_KEY_ARN: `arn:aws:kms:${REGION}:123456789012:key/history-key`,
  SLUICE_TRACING: 'on',
}

/** Forms of the ARNs with wildcards that policies use, as `resourceText` formats them. docs/permissions.md has the reasons. */
const PATTERNS: readonly RegExp[] = [
  /^logs:log-group:\S+:\*$/,
  /^ec2:\*\/\*$/,
  /^arn:<partition>:ec2:<region>:\*:(subnet|security-group)\/\S+$/,
  /^secretsmanager:secret:\S+-\?{6}$/,
  /^secretsmanager:secret:\S+\/receivers\/\*$/,
  /^kms:key\/\*$/,
  /^s3:::[^/]+\/\S*\*$/,
]

/** Actions that have no resource-level permissions: https://docs.aws.amazon.com/service-authorization/latest/reference/ */
const UNNAMED: ReadonlySet<string> = new Set([
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
])

const ALL = Object.keys(STAGES).map(stage => [stage, findStatements(stage)] as const)

describe('given the roles of a stage', () => {
  // Promise docs/permissions.md#resources-without-a-full-name | Every resource is named, except those that AWS does not name.
  for (const [stage, functions] of ALL)
    it(`then in ${stage} every resource is named, but for those that AWS does not name, each for its reason`, () => {
      assert.ok(functions.size > 10)
      for (const [name, statements] of functions)
        for (const { Effect, Action, Resource } of statements) {
          for (const action of Action) assert.match(action, /^[a-z0-9-]+:[A-Za-z0-9]+$/, name)
          if (Effect === 'Deny') continue
          for (const resource of Resource.map(resourceText).filter(text => /[*?]/.test(text))) {
            const unnamed = resource === '*' ? Action.filter(action => !UNNAMED.has(action)) : []
            assert.deepEqual(unnamed, [], `${name} is allowed these for everything`)
            const pattern = PATTERNS.find(form => form.test(resource))
            assert.ok(resource === '*' || pattern, `${name}: no reason is given for ${resource}`)
          }
        }
    })

  it('then docs/permissions.md lists the actions that are allowed for everything', () => {
    const all = ALL.flatMap(([, functions]) => [...functions.values()].flat())
    const unnamed = all
      .filter(({ Effect, Resource }) => Effect === 'Allow' && Resource.includes('*'))
      .flatMap(({ Action }) => Action)
    const page = readFileSync(join(PROJECT, 'docs/permissions.md'), 'utf8')
    const listed = page.split('\n').flatMap(line => {
      const [, actions = ''] = /^- `\*` for ([^:]*(?::\w+`[^:]*)*): /.exec(line) ?? []
      return listCodeWords(actions)
    })
    assert.deepEqual(listed.toSorted(), [...new Set<string>(unnamed)].toSorted())
  })

  // Promise docs/permissions.md#permissions | No role reaches into another stage.
  it('then none reaches into another stage', () => {
    for (const [stage, functions] of ALL) {
      const others = Object.keys(STAGES).filter(other => other !== stage)
      const text = JSON.stringify([...functions.values()])
      assert.ok(others.length > 0 && text.includes(`sluice/${stage}/redis`))
      for (const other of others) assert.doesNotMatch(text, new RegExp(`\\b${other}\\b`))
    }
  })

  it('then the code of a function can use nothing that only attaches it to the network', () => {
    for (const [stage, functions] of ALL)
      for (const [name, statements] of functions) {
        const actions = (effect: string) =>
          statements
            .filter(({ Effect }) => Effect === effect)
            .flatMap(({ Action }) => Action)
            .filter(action => action.startsWith('ec2:'))
        assert.deepEqual(new Set(actions('Deny')), new Set(actions('Allow')))
        const [denied, ...more] = statements.filter(({ Effect }) => Effect === 'Deny')
        assert.deepEqual(more, [])
        assert.match(JSON.stringify(denied?.Condition), new RegExp(`:function:sluice-${stage}-${name}"`))
      }
  })

  it('then an interface may be made in subnets and groups that another account shares, by their ids alone', () => {
    for (const [, functions] of ALL)
      for (const [name, statements] of functions) {
        const shared = statements.filter(({ Resource }) => JSON.stringify(Resource).includes(':*:'))
        assert.deepEqual(
          shared.map(({ Action, Resource }) => [Action, Resource.map(resourceText)]),
          [
            [
              ['ec2:CreateNetworkInterface'],
              [
                'arn:<partition>:ec2:<region>:*:subnet/<subnet>',
                'arn:<partition>:ec2:<region>:*:security-group/<security-group>',
              ],
            ],
          ],
          name,
        )
      }
  })

  it('then none can make a log group, which would be kept forever: the template makes it', () => {
    const text = JSON.stringify(ALL.map(([, functions]) => [...functions.values()]))
    assert.match(text, /logs:CreateLogStream/)
    assert.doesNotMatch(text, /CreateLogGroup/)
  })
})

/** Returns the policy statements of each function's role in a stage, by function. */
function findStatements(stage: string): ReadonlyMap<string, readonly Statement[]> {
  const place = readAccount(stage, REGION, EVERYTHING, PROJECT)
  if (place.problems.length > 0) throw new Error(place.problems.join('\n'))
  const functions = readFunctions().filter(entry => isDeployed(entry, place))
  const made = buildRoles(functions, { ...place, names: NAMES, stage })
  return new Map(functions.map(({ name }) => [name, listStatements(made[toRoleId(name)])] as const))
}

interface Role {
  readonly Properties: {
    readonly Policies: readonly { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[]
  }
}

function listStatements(role: object | undefined): readonly Statement[] {
  return (role as Role).Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
}

/**
 * Formats an ARN for comparison. The common prefix is removed, and parts that differ between accounts are replaced by placeholders.
 */
function resourceText(resource: unknown): string {
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
