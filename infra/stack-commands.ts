/** Parses the arguments of `npm run infra` and generates the commands that it prints. Pure. */
import { ConfigError } from '../packages/runtime/settings/config-error.ts'
import { STAGES, type Stage, stageNamed } from './stages.ts'

/** Number of private subnets if the stack creates the VPC: one in each of three zones. */
const MADE_SUBNETS = 3

/** Reads the stage. @throws ConfigError if it is missing or unknown */
export function readStage(name: string | undefined): { readonly name: string; readonly stage: Stage } {
  const stage = name === undefined ? undefined : stageNamed(name)
  if (name !== undefined && stage !== undefined) return { name, stage }
  const known = Object.keys(STAGES).join(', ')
  throw new ConfigError('npm run infra', [
    `--stage: must be one of ${known} (infra/stages.ts)${name === undefined ? '' : `, not "${name}"`}`,
  ])
}

/** Parses `NAME=VALUE` arguments. `Env` is rejected, because the stage has its own argument. */
export function readAssignments(texts: readonly string[]): {
  readonly values: Readonly<Record<string, string>>
  readonly problems: readonly string[]
} {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const text of texts) {
    const [, name, value] = /^([A-Za-z0-9]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined) problems.push(`"${text}": must be NAME=VALUE`)
    else if (name === 'Env') problems.push('Env: must be set with --stage')
    else if (Object.hasOwn(values, name)) problems.push(`${name}: is set twice`)
    else values[name] = value
  }
  return { values, problems }
}

/** Reads the region. @throws ConfigError for an invalid name */
export function readRegion(named: string | undefined): string | undefined {
  const region = named?.trim() || undefined
  if (region === undefined || /^[a-z]{2}(-[a-z]+)+-\d+$/.test(region)) return region
  throw new ConfigError('npm run infra', [
    `--region: must be the name of a region, such as eu-west-1, not "${region}"`,
  ])
}

/**
 * Checks the number of brokers. MSK requires the same number in each subnet, but rejects other numbers only when it creates the
 * cluster. Parameters that are not given are not checked, because an existing stack keeps their previous values.
 *
 * @param values values of the stage and values that the user sets
 */
export function brokerProblems(values: Readonly<Record<string, string>>): string[] {
  const { ClusterKind, MskClusterArn, SubnetIds, Brokers } = values
  if (ClusterKind !== 'provisioned' || MskClusterArn || Brokers === undefined) return []
  const subnets = SubnetIds ? SubnetIds.split(',').length : MADE_SUBNETS
  if (Number(Brokers) % subnets === 0) return []
  return [`Brokers: must be a multiple of the number of subnets, ${subnets}.`]
}

/**
 * Parameters whose ARNs must be in the region of the stack, because brokers are in the stack's subnets and alarms can publish only
 * in their own region.
 */
const IN_ITS_REGION = ['MskClusterArn', 'AlarmTopicArn']

/** Returns the region to deploy to: the region that the user names or, by default, the region in the given ARNs. */
export function regionFor(
  named: string | undefined,
  values: Readonly<Record<string, string>>,
): string | undefined {
  return named ?? IN_ITS_REGION.map(name => regionIn(values[name])).find(region => region !== undefined)
}

/** Returns an error for each parameter that refers to another region. An error begins with the parameter's name. */
export function regionProblems(
  region: string | undefined,
  values: Readonly<Record<string, string>>,
): string[] {
  return IN_ITS_REGION.flatMap(name => {
    const own = regionIn(values[name])
    if (own === undefined || own === region) return []
    return [
      `${name}: is in ${own}, but the stack is in ${region}. Use --region ${own}, or a resource in ${region}.`,
    ]
  })
}

function regionIn(arn: string | undefined): string | undefined {
  return arn?.split(':')[3] || undefined
}

function stackName(stage: string): string {
  return `sluice-infra-${stage}`
}

interface Deployed {
  readonly name: string
  readonly stage: Pick<Stage, 'keepsData'>
  readonly region: string | undefined
  /** Path of the template. */
  readonly file: string
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * Returns the commands that deploy the stack, line by line. Parameters are passed as arguments, because version 1 of the AWS CLI
 * does not support parameter files.
 */
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
    'Deploy the stack, or preview the changes with --no-execute-changeset:',
    '',
    ...deploy,
    ...(stage.keepsData ? [protect] : []),
    '',
    'Then deploy the functions, which use the outputs of the stack:',
    '',
    `  INFRA_STACK=${stack} npx serverless deploy --stage ${name} --region ${region}`,
  ]
}

/** Quotes a text as one shell word. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
