/** Checks what the number of inputs costs: event sources, their pollers while idle, and the size of the roles. Pure. */
import type { DeclaredFunction } from '../../lib/app/functions.ts'
import { selectInputs } from '../../lib/app/functions.ts'
import { computeSum } from '../../lib/support/count.ts'
import { listOwnInputs, type Place } from '../place/place.ts'

/**
 * Limits of a poller group: event sources, and pollers of them all.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
 */
const MAX_SOURCES = 100
const MAX_POLLERS = 2_000

/** Maximum size of the policies in a role, in characters. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_POLICY = 10_240

/** Event pollers of one event poller unit, and its price for a month in US dollars. */
const POLLERS_OF_UNIT = 4
const UNIT_A_MONTH = 0.185 * 730

type Reader = Pick<DeclaredFunction, 'name' | 'inputs' | 'reading'>

type SourcesPlace = Pick<Place, 'inputs' | 'inputCluster' | 'pollers'>

function listSources(functions: readonly Reader[], inputs: readonly string[]) {
  return functions.flatMap(({ name, inputs: selection, reading }) => {
    const topics = selectInputs(selection, inputs)
    return topics.length === 0 ? [] : [{ name, topics, pollers: topics.length * reading.maximumPollers }]
  })
}

/** Counts the event sources and the pollers of each group: that of Sluice's own cluster, and that of a further one. */
function countGroups(functions: readonly Reader[], place: SourcesPlace) {
  if (place.pollers !== 'provisioned') return []
  return [listOwnInputs(place), place.inputCluster?.topics ?? []].map(inputs => {
    const sources = listSources(functions, inputs)
    return {
      all: computeSum(sources.map(({ topics }) => topics.length)),
      most: computeSum(sources.map(({ pollers }) => pollers)),
    }
  })
}

/**
 * Returns an error for each limit that the inputs exceed.
 *
 * @param policyOf returns the size of a function's policies in characters
 */
export function findSourceProblems(
  functions: readonly Reader[],
  place: SourcesPlace,
  policyOf: (name: string) => number,
): string[] {
  return [
    ...countGroups(functions, place).flatMap(({ all, most }) => [
      ...(all > MAX_SOURCES
        ? [`${all} inputs are too many: a group of pollers has at most ${MAX_SOURCES} event sources.`]
        : []),
      ...(most > MAX_POLLERS
        ? [
            `The inputs may have ${most} pollers, but a group has at most ${MAX_POLLERS}: lower maximumPollers.`,
          ]
        : []),
    ]),
    ...listSources(functions, place.inputs)
      .filter(({ name }) => policyOf(name) > MAX_POLICY)
      .map(
        ({ name, topics }) =>
          `functions.${name} of serverless.yml reads ${topics.length} inputs: its role would have ${policyOf(name)} characters, and IAM ` +
          `allows ${MAX_POLICY}. Name some of its inputs in a function entry of their own.`,
      ),
  ]
}

/** Returns a sentence about the pollers that wait for records of inputs, and their price; undefined if they cost nothing. */
export function describeIdlePollers(functions: readonly Reader[], place: SourcesPlace): string | undefined {
  const groups = countGroups(functions, place)
  const count = computeSum(groups.map(({ all }) => all))
  if (count === 0) return undefined
  const price = computeSum(groups.map(({ all }) => Math.ceil(all / POLLERS_OF_UNIT) * UNIT_A_MONTH)).toFixed(
    2,
  )
  return `Inputs: ${count} event sources keep at least ${count} event pollers, about $${price} a month while idle.`
}
