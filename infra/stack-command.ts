/** `npm run infra -- --stage prod`: writes the template of the long-lived stack and prints the commands that deploy it. */
import { relative, resolve } from 'node:path'
import { HISTORY, readSettings } from '../lib/app/settings/index.ts'
import { ConfigError } from '../packages/runtime/settings/config-error.ts'
import { runMain } from '../programs/main.ts'
import { readOptions } from '../programs/options.ts'
import { PROJECT } from '../programs/paths.ts'
import { parameterProblems, parametersOf } from './stack.ts'
import {
  brokerProblems,
  deployCommands,
  readAssignments,
  readRegion,
  readStage,
  regionFor,
  regionProblems,
} from './stack-commands.ts'
import { readStackTemplate, writeTemplate } from './stack-files.ts'

const USAGE = `Usage: npm run infra -- --stage NAME [options]

Writes the template of the long-lived stack (network, brokers, cache, bucket, keys, topic) for a stage, and prints the commands that
deploy it. It does not access AWS.

  --stage NAME      a stage of infra/stages.ts
  --region NAME     the region to deploy to (also: AWS_REGION; else that of MskClusterArn)
  --set NAME=VALUE  a parameter of the stack (repeatable): VpcId=vpc-…, MskClusterArn=arn:…, NatGateways=one
  --out FOLDER      folder for <stage>.yaml (default: .local/infra)
  --help            show this help

HISTORY_RETENTION decides when objects of history expire.`

interface Options {
  readonly stage: string | undefined
  readonly region: string | undefined
  readonly set: readonly string[]
  readonly out: string | undefined
}

await runMain({ readOptions: optionsFrom, usage: USAGE, run: writeStack })

function optionsFrom(args: readonly string[]): Options | undefined {
  const { help, stage, region, set, out } = readOptions('npm run infra', args, {
    help: { type: 'boolean', default: false },
    stage: { type: 'string' },
    region: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    out: { type: 'string' },
  })
  return help ? undefined : { stage, region: readRegion(region ?? process.env.AWS_REGION), set, out }
}

async function writeStack({ stage: wanted, region: named, set, out }: Options): Promise<number> {
  const { name, stage } = readStage(wanted)
  const { historyDays } = readSettings([HISTORY])
  const template = await readStackTemplate(stage, historyDays)
  const assigned = readAssignments(set)
  const region = regionFor(named, assigned.values)
  const problems = [
    ...assigned.problems,
    ...parameterProblems(template, assigned.values),
    ...regionProblems(region, assigned.values),
    ...brokerProblems({ ...parametersOf(name, stage), ...assigned.values }),
  ]
  if (problems.length > 0) throw new ConfigError('--set', problems)
  const file = resolve(out ?? `${PROJECT}/.local/infra`, `${name}.yaml`)
  await writeTemplate(file, template)
  const shown = relative(process.cwd(), file)
  console.log(`Wrote ${shown}, with ${Object.keys(template.Resources).length} resources.`)
  const parameters = { ...parametersOf(name, stage), ...assigned.values }
  console.log(deployCommands({ name, stage, region, file: shown, parameters }).join('\n'))
  return 0
}
