/** The flow: topics that come in, the functions, and the results that people get, each with its rate. */

import type { JSX } from 'preact'
import { sumIfKnown } from '../../../lib/support/count.ts'
import type { Overview } from '../../api/overview/overview.ts'
import { buildAddress } from '../client/address.ts'
import { formatRate, formatTotal } from '../components/value-texts.ts'
import { describeState } from './headline.ts'

interface Props {
  readonly overview: Overview
  /** Returns the growth of a counter per second; null if unknown. */
  readonly rate: (name: string) => number | null
}

export function Flow({ overview, rate }: Props): JSX.Element {
  const { inputs, lanes } = overview.flow
  const formatSum = (names: readonly string[]) =>
    formatTotal(sumIfKnown(names.map(name => overview.counters.value?.[name] ?? null)))
  const formatSpeed = (names: readonly string[]) => formatRate(sumIfKnown(names.map(rate)))
  return (
    <div class="flow">
      <ul class="flow-list">
        {inputs.map(({ name, topic, reader, counter }) => (
          <li key={topic} class="flow-item">
            <span>
              <a href={buildAddress('/kafka', { topic })}>{name}</a> <small>{formatSpeed([counter])}</small>
            </span>
            {reader && <FunctionLink name={reader} overview={overview} />}
          </li>
        ))}
      </ul>
      <ol class="flow-list">
        {lanes.map(({ title, page, isFailure, isRare, functions, counters }) => (
          <li key={title} class={isFailure ? 'flow-item failure' : 'flow-item'}>
            <span class="flow-functions">
              {functions.map(name => (
                <FunctionLink key={name} name={name} overview={overview} />
              ))}
            </span>
            <span class="flow-result">
              {page ? <a href={page}>{title}</a> : title}{' '}
              <small>{isRare ? formatSum(counters) : formatSpeed(counters)}</small>
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}

function FunctionLink({ name, overview }: { readonly name: string } & Pick<Props, 'overview'>): JSX.Element {
  const own = overview.consumers.value?.find(consumer => consumer.function === name)
  const { tone, text } = describeState({ function: name }, overview)
  return (
    <a href={buildAddress('/kafka/groups', { group: own?.group ?? '' })} title={text}>
      <span class={`dot ${tone}`} aria-hidden="true" />
      {name}
      {tone !== 'good' && <span class="unseen">: {text}</span>}
    </a>
  )
}
