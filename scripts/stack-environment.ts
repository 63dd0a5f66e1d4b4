/** Finds the stack that a command uses, and the environment variables to access its servers. */

import { type Environment, KAFKA, REDIS, REGISTRY, withoutServiceLinks } from '#runtime/settings'
import { KAFKA_ADDRESSES, REDIS_ADDRESSES } from '../control/environment/precedence.ts'
import { NAMES } from '../lib/app/settings/names.ts'
import { DEFAULT_STACK, runningStacks, STACKS_DIR, type Stack } from './running-stacks.ts'

/** Error for a request that no stack or several stacks match. The message contains the remedy. */
export class StackNotFound extends Error {
  override readonly name = 'StackNotFound'
}

/**
 * Returns the environment with the addresses of a running stack.
 *
 * A stack that is selected with an option takes precedence over all variables. Otherwise, variables with addresses of servers are
 * used. The addresses of all other servers are taken from the stack that SLUICE_STACK selects, or else from the running stack. If
 * no stack is running, nothing is added, and the default ports apply.
 *
 * @param stack name from `--stack`
 * @throws StackNotFound if the selected stack is not running, or if several stacks are running and none of them is the default
 * stack
 */
export function stackEnvironment(given: Environment, stack?: string, dir = STACKS_DIR): Environment {
  const environment = withoutServiceLinks(given)
  if (stack !== undefined) return replaceAddresses(environment, requireStack(stack, runningStacks(dir)))
  const chosen = usedStack(environment, dir)
  // If variables have the addresses of all servers, the database is still that of a stack that is named.
  const named = chosen ?? runningStacks(dir).find(({ name }) => name === environment.SLUICE_STACK)
  return named ? fillInAddresses(environment, named) : environment
}

/**
 * Returns the running stack whose servers a command uses; undefined if variables have the addresses of all servers, or no stack is
 * running.
 *
 * @throws StackNotFound see `stackEnvironment`
 */
export function usedStack(environment: Environment, dir = STACKS_DIR): Stack | undefined {
  if (namesAllServers(environment)) return undefined
  const { hasKafka, hasRedis } = namedServers(environment)
  const stacks = runningStacks(dir)
  if (environment.SLUICE_STACK) return requireStack(environment.SLUICE_STACK, stacks)
  // If a variable contains an address, several running stacks are not an error: a command that needs only this server must not
  // fail.
  return (hasKafka || hasRedis) && isUndecided(stacks) ? undefined : chooseStack(stacks)
}

/** Returns true if variables have the addresses of all servers, so that no stack is used. */
export function namesAllServers(environment: Environment): boolean {
  const { hasKafka, hasRedis } = namedServers(environment)
  return hasKafka && hasRedis
}

/** Returns the stack with a name. @throws StackNotFound if it is not running */
function requireStack(name: string, stacks: readonly Stack[]): Stack {
  const stack = stacks.find(stack => stack.name === name)
  if (!stack)
    throw new StackNotFound(
      `The stack "${name}" is not running${describeStacks(stacks)}. Start it with: npm start -- --name ${name}`,
    )
  if (stack.state === 'ready') return stack
  throw new StackNotFound(
    `The stack "${name}" is still starting (process ${stack.pid}). Try again when it is ready.`,
  )
}

/**
 * Returns the default stack if it is running, or else the only running stack.
 *
 * @throws StackNotFound if several other stacks are running
 */
function chooseStack(stacks: readonly Stack[]): Stack | undefined {
  const ready = stacks.filter(({ state }) => state === 'ready')
  if (!isUndecided(ready)) return ready.find(({ name }) => name === DEFAULT_STACK) ?? ready[0]
  const name = ready[0]?.name
  throw new StackNotFound(
    `Several stacks are running: ${quoteNames(ready)}. Select one with --stack ${name}, or SLUICE_STACK=${name}`,
  )
}

/** Returns true if several stacks are running and none of them is the default stack. */
function isUndecided(stacks: readonly Stack[]): boolean {
  return stacks.length > 1 && stacks.every(({ name }) => name !== DEFAULT_STACK)
}

function describeStacks(stacks: readonly Stack[]): string {
  return stacks.length === 0 ? '' : `; ${quoteNames(stacks)} ${stacks.length === 1 ? 'is' : 'are'}`
}

function quoteNames(stacks: readonly Stack[]): string {
  return stacks.map(({ name }) => `"${name}"`).join(', ')
}

const NOT_OF_A_CLUSTER = ['AWS_REGION', 'KAFKA_ISOLATION', 'COMPRESSION']

/** Variables with the addresses of servers and their connection settings. */
const OF_KAFKA = [
  ...Object.keys(KAFKA.settings).filter(name => !NOT_OF_A_CLUSTER.includes(name)),
  'KAFKA_PORT',
  ...Object.keys(NAMES.settings),
  'TIME_ZONE',
]
const OF_REDIS = [...Object.keys(REDIS.settings), 'REDIS_PORT']
const OF_REGISTRY = [...Object.keys(REGISTRY.settings), 'REGISTRY_PORT']

/** Settings with folders of files that the functions of a stack read, and that commands check or apply. */
export const STACK_FOLDERS = ['RULES_DIR', 'VIEWS_DIR', 'SENT_VIEWS_DIR', 'NOTIFICATIONS_DIR', 'FAILURES_DIR']

function namedServers(environment: Environment) {
  const isSet = (name: string) => Boolean(environment[name])
  return {
    hasKafka: KAFKA_ADDRESSES.some(isSet),
    hasRedis: REDIS_ADDRESSES.some(isSet),
  }
}

function replaceAddresses(environment: Environment, { variables }: Stack): Environment {
  const ofOthers = new Set([...OF_KAFKA, ...OF_REDIS, ...OF_REGISTRY])
  const entries = Object.entries(environment).filter(([name]) => !ofOthers.has(name))
  return { ...Object.fromEntries(entries), ...variables }
}

function fillInAddresses(environment: Environment, { variables }: Stack): Environment {
  const { hasKafka, hasRedis } = namedServers(environment)
  const hasRegistry = Boolean(environment.SCHEMA_REGISTRY_URL || environment.REGISTRY_PORT)
  const left = new Set([
    ...(hasKafka ? OF_KAFKA : []),
    ...(hasRedis ? OF_REDIS : []),
    // Settings that are not addresses can be chosen apart from the stack.
    ...['SLUICE_ENV', 'LAMBDA_PORT', 'SLUICE_SAVED_FILES', ...STACK_FOLDERS].filter(
      name => hasKafka || environment[name],
    ),
    ...(environment.STORAGE_URL ? ['STORAGE_URL'] : []),
    // With another Kafka, the registry of the stack is not used, because records of that Kafka contain ids of another registry.
    ...(hasRegistry || hasKafka ? OF_REGISTRY : []),
  ])
  // The stack's AWS emulator is not used with another Kafka, whose credentials may be in an AWS account.
  const added = Object.entries(variables).filter(
    ([name]) => !left.has(name) && !(name.startsWith('AWS_') && (hasKafka || environment.AWS_ENDPOINT_URL)),
  )
  return { ...environment, ...Object.fromEntries(added) }
}
