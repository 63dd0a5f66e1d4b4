/** Arguments of `npm run infra`, and the commands that it prints. Pure. */
import { ConfigError } from '../packages/runtime/settings/config-error.ts'
import { STAGES, type Stage, stageNamed } from './stages.ts'

/** Subnets in a VPC of the stack: one in each of three zones. */
const MADE_SUBNETS = 3

/** @throws ConfigError where the stage is missing or not in the table */
export function readStage(name: string | undefined): { readonly name: string; readonly stage: Stage } {
  const stage = name === undefined ? undefined : stageNamed(name)
  if (name !== undefined && stage !== undefined) return { name, stage }
  const known = Object.keys(STAGES).join(', ')
  throw new ConfigError('npm run infra', [
    `--stage: must be one of ${known} (infra/stages.ts)${name === undefined ? '' : `, not "${name}"`}`,
  ])
}

/** Reads `NAME=VALUE` as values by their names. `Env` is the stage, which has its own argument. */
export function readAssignments(texts: readonly string[]): {
  readonly values: Readonly<Record<string, string>>
  readonly problems: readonly string[]
} {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const text of texts) {
    const [, name, value] = /^([A-Za-z0-9]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined) problems.push(`"${text}": must be NAME=VALUE`)
    else if (name === 'Env') problems.push('Env: is the stage, which --stage names')
    else if (Object.hasOwn(values, name)) problems.push(`${name}: is set twice`)
    else values[name] = value
  }
  return { values, problems }
}

/** @throws ConfigError for what is not the name of a region */
export function readRegion(named: string | undefined): string | undefined {
  const region = named?.trim() || undefined
  if (region === undefined || /^[a-z]{2}(-[a-z]+)+-\d+$/.test(region)) return region
  throw new ConfigError('npm run infra', [
    `--region: must be the name of a region, such as eu-west-1, not "${region}"`,
  ])
}

/**
 * MSK puts as many brokers into each subnet as into the others, and says so only when it makes the cluster. Values that are not given
 * here may be those of the last time, so they are not looked at.
 *
 * @param values those of the stage, and those that a person sets
 */
export function brokerProblems(values: Readonly<Record<string, string>>): string[] {
  const { ClusterKind, MskClusterArn, SubnetIds, Brokers } = values
  if (ClusterKind !== 'provisioned' || MskClusterArn || Brokers === undefined) return []
  const subnets = SubnetIds ? SubnetIds.split(',').length : MADE_SUBNETS
  if (Number(Brokers) % subnets === 0) return []
  return [`Brokers: must be a multiple of the number of subnets, ${subnets}.`]
}

/**
 * Parameters with an ARN that must be in the region of the stack: brokers are in its subnets, and alarms publish to no other
 * region.
 */
const IN_ITS_REGION = ['MskClusterArn', 'AlarmTopicArn']

/** The region to deploy to: the one that a person names, else that of what is handed in. */
export function regionFor(
  named: string | undefined,
  values: Readonly<Record<string, string>>,
): string | undefined {
  return named ?? IN_ITS_REGION.map(name => regionIn(values[name])).find(region => region !== undefined)
}

/** Returns the parameters of another region; a sentence each, which begins with the parameter's name. */
export function regionProblems(
  region: string | undefined,
  values: Readonly<Record<string, string>>,
): string[] {
  return IN_ITS_REGION.flatMap(name => {
    const own = regionIn(values[name])
    if (own === undefined || own === region) return []
    return [
      `${name}: is in ${own}, but the stack goes to ${region}: use --region ${own}, or one in ${region}.`,
    ]
  })
}

function regionIn(arn: string | undefined): string | undefined {
  return arn?.split(':')[3] || undefined
}

/** The name of the stack that these commands make. */
function stackName(stage: string): string {
  return `sluice-infra-${stage}`
}

interface Deployed {
  readonly name: string
  readonly stage: Pick<Stage, 'keepsData'>
  readonly region: string | undefined
  /** The template. */
  readonly file: string
  readonly parameters: Readonly<Record<string, string>>
}

/** Returns the next commands, as lines. Version 1 of the AWS CLI takes no file of parameters, so they are on the line. */
export function deployCommands({ name, stage, region = 'REGION', file, parameters }: Deployed): string[] {
  const stack = stackName(name)
  const place = `--region ${region} --stack-name ${stack}`
  const assigned = Object.entries(parameters).map(([parameter, value]) => quoted(`${parameter}=${value}`))
  const deploy = [
    `  aws cloudformation deploy ${place} \\`,
    `    --template-file ${quoted(file)} --capabilities CAPABILITY_IAM \\`,
    `    --parameter-overrides ${assigned.join(' ')}`,
  ]
  const protect = `  aws cloudformation update-termination-protection ${place} --enable-termination-protection`
  return [
    '',
    'Deploy it; with --no-execute-changeset, look at what would change:',
    '',
    ...deploy,
    ...(stage.keepsData ? [protect] : []),
    '',
    'Then the functions, which read the outputs of that stack:',
    '',
    `  INFRA_STACK=${stack} npx serverless deploy --stage ${name} --region ${region}`,
  ]
}

/** Quotes a text as one word of a shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
