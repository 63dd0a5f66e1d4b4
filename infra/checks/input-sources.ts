/** Checks what the number of inputs costs: event sources, their pollers while idle, and the size of the roles. Pure. */
import type { DeclaredFunction } from '../../control/environment/functions.ts'
import { selectInputs } from '../../control/environment/functions.ts'
import { computeSum } from '../../lib/support/count.ts'
import type { Place } from '../place/place.ts'

/**
 * Limits of a poller group: event sources, and pollers of them all.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
 */
const MAX_SOURCES = 100
const MAX_POLLERS = 2_000

/** Maximum size of the policies in a role, in characters. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_POLICY = 10_240

/**
 * Event pollers of one event poller unit while they are idle, and its price for a month in US dollars.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
 */
const POLLERS_OF_UNIT = 10
const UNIT_A_MONTH = 0.185 * 730

type Reader = Pick<DeclaredFunction, 'name' | 'inputs' | 'reading'>

type SourcesPlace = Pick<Place, 'inputs' | 'pollers'>

function listSources(functions: readonly Reader[], inputs: readonly string[]) {
  return functions.flatMap(({ name, inputs: selection, reading }) => {
    const topics = selectInputs(selection, inputs)
    return topics.length === 0 ? [] : [{ name, topics, pollers: topics.length * reading.maximumPollers }]
  })
}

/**
 * Returns an error for each limit that the inputs exceed.
 *
 * @param policyOf returns the size of a function's policies in characters
 */
export function findSourceProblems(
  functions: readonly Reader[],
  { inputs, pollers: mode }: SourcesPlace,
  policyOf: (name: string) => number,
): string[] {
  const sources = listSources(functions, inputs)
  const all = computeSum(sources.map(({ topics }) => topics.length))
  const most = computeSum(sources.map(({ pollers }) => pollers))
  const isGrouped = mode === 'provisioned'
  return [
    ...(isGrouped && all > MAX_SOURCES
      ? [`${all} inputs are too many: a group of pollers has at most ${MAX_SOURCES} event sources.`]
      : []),
    ...(isGrouped && most > MAX_POLLERS
      ? [`The inputs may have ${most} pollers, but a group has at most ${MAX_POLLERS}: lower maximumPollers.`]
      : []),
    ...sources
      .filter(({ name }) => policyOf(name) > MAX_POLICY)
      .map(
        ({ name, topics }) =>
          `functions.${name} of serverless.yml reads ${topics.length} inputs: its role would have ${policyOf(name)} characters, and IAM ` +
          `allows ${MAX_POLICY}. Name some of its inputs in a function entry of their own.`,
      ),
  ]
}

/** Returns a sentence about the pollers that wait for records of inputs, and their price; undefined if they cost nothing. */
export function describeIdlePollers(
  functions: readonly Reader[],
  { inputs, pollers }: SourcesPlace,
): string | undefined {
  const count = computeSum(listSources(functions, inputs).map(({ topics }) => topics.length))
  if (count === 0 || pollers !== 'provisioned') return undefined
  const price = (Math.ceil(count / POLLERS_OF_UNIT) * UNIT_A_MONTH).toFixed(2)
  return `Inputs: ${count} event sources keep at least ${count} event pollers, about $${price} a month while idle.`
}
