/** `npm run infra -- --stage prod`: the template and the parameters of the long-lived stack, and the commands that deploy them. */
import { relative, resolve } from 'node:path'
import { ConfigError } from '../lib/runtime/settings/config-error.ts'
import { runMain } from '../programs/main.ts'
import { readOptions } from '../programs/options.ts'
import { PROJECT } from '../programs/paths.ts'
import { parameterProblems, parametersOf } from './stack.ts'
import { deployCommands, readAssignments, readStage } from './stack-commands.ts'
import { readStackTemplate, writeStackFiles } from './stack-files.ts'

const USAGE = `Usage: npm run infra -- --stage NAME [options]

Writes the template of the long-lived stack (network, brokers, cache, bucket, keys, topic) and its parameters for a stage, and prints
the commands that deploy them. It calls nobody.

  --stage NAME      a stage of infra/stages.ts
  --region NAME     the region to deploy to (also: AWS_REGION)
  --set NAME=VALUE  a parameter of the stack, as often as you like: VpcId=vpc-…, MskClusterArn=arn:…, NatGateways=one
  --out FOLDER      where the files are written; .local/infra/<stage> by default
  --help            show this`

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
  return help ? undefined : { stage, region: region ?? process.env.AWS_REGION, set, out }
}

async function writeStack({ stage: wanted, region, set, out }: Options): Promise<number> {
  const { name, stage } = readStage(wanted)
  const template = await readStackTemplate(stage)
  const assigned = readAssignments(set)
  const problems = [...assigned.problems, ...parameterProblems(template, assigned.values)]
  if (problems.length > 0) throw new ConfigError('--set', problems)
  const folder = resolve(out ?? `${PROJECT}/.local/infra/${name}`)
  const parameters = { ...parametersOf(name, stage), ...assigned.values }
  const written = await writeStackFiles(folder, template, parameters)
  const shown = (file: string) => relative(process.cwd(), file)
  const files = { template: shown(written.template), parameters: shown(written.parameters) }
  const count = Object.keys(template.Resources).length
  console.log(`Wrote ${files.template}, with ${count} resources, and ${files.parameters}:`)
  for (const [parameter, value] of Object.entries(parameters)) console.log(`  ${parameter}=${value}`)
  console.log(deployCommands({ name, stage, region, files }).join('\n'))
  return 0
}
