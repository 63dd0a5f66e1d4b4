/** Finds the stack that a command works with, and the variables by which its servers are reached. */
import { NAMES } from '../lib/app/settings/names.ts'
import { KAFKA } from '../packages/runtime/settings/kafka.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'
import { DEFAULT_STACK, runningStacks, STACKS_DIR, type Stack } from './stack.ts'

/** No stack, or more than one, matches the request; the message says what to do. */
export class StackNotFound extends Error {
  override readonly name = 'StackNotFound'
}

/**
 * The environment with the addresses of a running stack.
 *
 * A stack that is named by an option takes precedence over all variables. Otherwise a variable that names a server is used for
 * that server, and the stack that SLUICE_STACK names, or else the running one, for the others. If none runs, nothing is added,
 * and the default ports apply.
 *
 * @param stack the name that `--stack` gives
 * @throws StackNotFound if the named stack does not run, or several do without a default one
 */
export function stackEnvironment(environment: Environment, stack?: string, dir = STACKS_DIR): Environment {
  if (stack !== undefined) return reaching(environment, named(stack, runningStacks(dir)))
  const { hasKafka, hasRedis } = namedServers(environment)
  if (hasKafka && hasRedis) return environment
  const stacks = runningStacks(dir)
  if (environment.SLUICE_STACK) return filledIn(environment, named(environment.SLUICE_STACK, stacks))
  // If a variable names one server, a command that needs only that server must not fail because several stacks run.
  const chosen = (hasKafka || hasRedis) && isUndecided(stacks) ? undefined : onlyOne(stacks)
  return chosen ? filledIn(environment, chosen) : environment
}

/** @throws StackNotFound if it does not run */
function named(name: string, stacks: readonly Stack[]): Stack {
  const stack = stacks.find(one => one.name === name)
  if (!stack)
    throw new StackNotFound(
      `No stack named "${name}" runs${listed(stacks)}. To start it: npm start -- --name ${name}`,
    )
  if (stack.state === 'ready') return stack
  throw new StackNotFound(
    `The stack "${name}" is still starting (process ${stack.pid}). Try again when it is ready.`,
  )
}

/**
 * The default stack if it runs, or else the only one.
 * @throws StackNotFound if several run, none of which is the default one
 */
export function onlyOne(stacks: readonly Stack[]): Stack | undefined {
  const ready = stacks.filter(({ state }) => state === 'ready')
  if (!isUndecided(ready)) return ready.find(({ name }) => name === DEFAULT_STACK) ?? ready[0]
  const name = ready[0]?.name
  throw new StackNotFound(
    `Several stacks run: ${quoted(ready)}. Name one: --stack ${name}, or SLUICE_STACK=${name}`,
  )
}

/** Whether the choice of the stack is ambiguous. */
function isUndecided(stacks: readonly Stack[]): boolean {
  return stacks.length > 1 && stacks.every(({ name }) => name !== DEFAULT_STACK)
}

function listed(stacks: readonly Stack[]): string {
  return stacks.length === 0 ? '' : `; ${quoted(stacks)} ${stacks.length === 1 ? 'does' : 'do'}`
}

function quoted(stacks: readonly Stack[]): string {
  return stacks.map(({ name }) => `"${name}"`).join(', ')
}

const NOT_OF_A_CLUSTER = ['AWS_REGION', 'KAFKA_ISOLATION']

/** Variables that name a server, and say how to connect to them. */
const OF_KAFKA = [
  ...Object.keys(KAFKA.settings).filter(name => !NOT_OF_A_CLUSTER.includes(name)),
  'KAFKA_PORT',
  ...Object.keys(NAMES.settings),
  'TOPIC_MAPPINGS',
]
const OF_REDIS = ['REDIS_URL', 'REDIS_PORT', 'REDIS_MODE', 'REDIS_SECRET']
const OF_REGISTRY = ['SCHEMA_REGISTRY_URL', 'SCHEMA_REGISTRY_SECRET', 'REGISTRY_PORT']

function namedServers(environment: Environment) {
  const isSet = (name: string) => Boolean(environment[name])
  return {
    hasKafka: ['KAFKA_BROKERS', 'MSK_CLUSTER_ARN', 'EVENT_HUBS_CONN_STR', 'KAFKA_PORT'].some(isSet),
    hasRedis: ['REDIS_URL', 'REDIS_PORT'].some(isSet),
  }
}

function reaching(environment: Environment, { variables }: Stack): Environment {
  const ofOthers = new Set([...OF_KAFKA, ...OF_REDIS, ...OF_REGISTRY])
  const kept = Object.entries(environment).filter(([name]) => !ofOthers.has(name))
  return { ...Object.fromEntries(kept), ...variables }
}

function filledIn(environment: Environment, { variables }: Stack): Environment {
  const { hasKafka, hasRedis } = namedServers(environment)
  const hasRegistry = Boolean(environment.SCHEMA_REGISTRY_URL || environment.REGISTRY_PORT)
  const left = new Set([
    ...(hasKafka ? OF_KAFKA : []),
    ...(hasRedis ? OF_REDIS : []),
    // The ids in the records of a Kafka elsewhere are of a registry elsewhere.
    ...(hasRegistry || hasKafka ? OF_REGISTRY : []),
  ])
  // The stack's AWS is not used with a Kafka elsewhere: the credentials of that Kafka may be in an account.
  const added = Object.entries(variables).filter(
    ([name]) => !left.has(name) && !(name.startsWith('AWS_') && (hasKafka || environment.AWS_ENDPOINT_URL)),
  )
  return { ...environment, ...Object.fromEntries(added) }
}
