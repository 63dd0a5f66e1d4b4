/** A long-lived stack keeps its kind of cluster. */
import assert from 'node:assert/strict'
import { freePort } from '#local-servers/ports'
import { STAGES } from '../../../infra/place/stages.ts'
import { STAGE } from '../deployment/project.ts'
import type { Rehearsal } from '../rehearsal.ts'

type StackParameters = Readonly<Record<string, string>>

const STACK = `sluice-infra-${STAGE}`
const OTHER_BROKERS = { BrokerType: 'kafka.m7g.large', BrokerStorageGiB: '100' }

const CASES: [deployed: StackParameters | undefined, printed: StackParameters, hint: RegExp | undefined][] = [
  [undefined, { ClusterKind: 'provisioned', BrokerType: 'kafka.t3.small' }, undefined],
  [
    { ClusterKind: 'serverless', ...OTHER_BROKERS },
    { ClusterKind: 'serverless', BrokerType: STAGES[STAGE].brokerType },
    /^The stack keeps ClusterKind=serverless\. Another kind is another, empty cluster, [^.]*remove both stacks/m,
  ],
  [{ ClusterKind: 'provisioned', ...OTHER_BROKERS }, OTHER_BROKERS, undefined],
]

export async function keepCluster({ project, emulator }: Rehearsal): Promise<string> {
  for (const [deployed, printed, hint] of CASES) {
    if (deployed) await createStack(deployed)
    const { code, output } = await project.writeStack()
    assert.equal(code, 0, output)
    for (const [name, value] of Object.entries(printed))
      assert.match(output, new RegExp(`--parameter-overrides .*\\b${name}=${value}( |$)`, 'm'))
    assert.equal(/The stack keeps/.test(output), hint !== undefined)
    if (hint) assert.match(output, hint)
    if (deployed) await emulator.query('cloudformation', 'DeleteStack', { StackName: STACK })
  }
  const closed = `http://127.0.0.1:${await freePort()}`
  const { code, output } = await project.writeStack({ AWS_ENDPOINT_URL: closed })
  assert.equal(code, 1)
  assert.match(
    output,
    /CloudFormation does not say which cluster sluice-infra-dev has, .* Set AWS_REGION and credentials/,
  )
  return 'serverless and other brokers are kept, new stacks have those of the stage, without an answer nothing is printed'

  /** Creates a stack that has these parameters, and no resources that cost anything. */
  async function createStack(parameters: StackParameters): Promise<void> {
    const names = Object.keys(parameters)
    const template = {
      Parameters: Object.fromEntries(names.map(name => [name, { Type: 'String' }])),
      Resources: { Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' } },
    }
    const given = names.flatMap((name, index) => [
      [`Parameters.member.${index + 1}.ParameterKey`, name],
      [`Parameters.member.${index + 1}.ParameterValue`, parameters[name]],
    ])
    const input = { StackName: STACK, TemplateBody: JSON.stringify(template), ...Object.fromEntries(given) }
    await emulator.query('cloudformation', 'CreateStack', input)
  }
}
