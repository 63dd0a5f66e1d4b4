/** `npm run infra -- --stage prod`: writes the template of the long-lived stack and prints the commands that deploy it. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { ConfigError } from '#runtime/settings'
import { HISTORY, readSettings } from '../../lib/app/settings/index.ts'
import { quoteWord } from '../../lib/support/escape-text.ts'
import { readOptions } from '../../scripts/command-line.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { runMain } from '../../scripts/run-main.ts'
import { findStage, STAGES } from '../place/stages.ts'
import { buildParameters, formatTemplate, readStackTemplate } from './stack-template.ts'

const USAGE = `Usage: npm run infra -- --stage NAME [--set NAME=VALUE …]

Writes the template of the long-lived stack (network, brokers, cache, bucket, keys, topic) for a stage to .local/infra, and prints
the commands that deploy it. It asks CloudFormation for the stack, which keeps its kind of cluster and its brokers, and changes
nothing. HISTORY_RETENTION decides when objects of history expire.

  --stage NAME      a stage of infra/place/stages.ts
  --set NAME=VALUE  a parameter of the stack (repeatable): VpcId=vpc-…, MskClusterArn=arn:…, NatGateways=one
  --help            show this help`

const KEPT =
  'The stack keeps ClusterKind=serverless. Another kind is another, empty cluster, without topics, records and positions: ' +
  'to change it, remove both stacks first (docs/from-an-empty-account.md#remove-everything).'

await runMain({ readOptions: parseOptions, usage: USAGE, run: writeStack })

interface Options {
  readonly stage: string | undefined
  /** Parameters, each `NAME=VALUE`. CloudFormation checks them. */
  readonly set: readonly string[]
}

function parseOptions(args: readonly string[]): Options | undefined {
  const { help, stage, set } = readOptions('npm run infra', args, {
    help: { type: 'boolean', default: false },
    stage: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  })
  return help ? undefined : { stage, set }
}

async function writeStack({ stage: name, set }: Options): Promise<number> {
  const stage = findStage(name ?? '')
  if (name === undefined || stage === undefined)
    throw new ConfigError('npm run infra', [
      `--stage: must be one of ${Object.keys(STAGES).join(', ')} (infra/place/stages.ts)`,
    ])
  const stack = `sluice-infra-${name}`
  const client = new CloudFormationClient()
  const deployed = await readParameters(client, stack)
  // The Serverless Framework does not read the region of a profile.
  const region = await client.config.region()
  const template = await readStackTemplate(stage, readSettings([HISTORY]).historyDays)
  const folder = join(PROJECT, '.local', 'infra')
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${name}.yaml`)
  await writeFile(file, formatTemplate(template))
  const parameters = [
    ...Object.entries(buildParameters(name, stage, deployed)).map(assigned => assigned.join('=')),
    ...set,
  ].map(quoteWord)
  console.log(`Deploy the stack, or preview the changes with --no-execute-changeset:

  aws cloudformation deploy --region ${region} --stack-name ${stack} --capabilities CAPABILITY_IAM \\
    --template-file ${relative(process.cwd(), file)} \\
    --parameter-overrides ${parameters.join(' ')}${
      stage.keepsData
        ? `\n  aws cloudformation update-termination-protection --region ${region} --stack-name ${stack} --enable-termination-protection`
        : ''
    }

Then deploy the functions, which use the outputs of the stack:

  INFRA_STACK=${stack} npx serverless deploy --stage ${name} --region ${region}`)
  if (deployed.ClusterKind === 'serverless' && !deployed.MskClusterArn) console.log(`\n${KEPT}`)
  return 0
}

/** Returns the parameters of the deployed stack; empty if there is none. @throws ConfigError if CloudFormation does not answer */
async function readParameters(client: CloudFormationClient, stack: string): Promise<Record<string, string>> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }))
    const parameters = Stacks.flatMap(({ Parameters = [] }) => Parameters)
    return Object.fromEntries(
      parameters.map(({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue]),
    )
  } catch (error) {
    const { name, message } = error as Error
    if (name === 'ValidationError' && message.includes('does not exist')) return {}
    throw new ConfigError('npm run infra', [
      `CloudFormation does not say which cluster ${stack} has, and a stack keeps it: ${message.replace(/\.$/, '')}. ` +
        'Set AWS_REGION and credentials that may describe the stack, and try again',
    ])
  }
}
