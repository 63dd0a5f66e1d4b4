/** Chooses how much time the charts show. */
import type { JSX } from 'preact'
import { Tabs } from '../parts/tabs.tsx'
import { useChoices } from './choices.ts'
import { type ChartSpan, SPANS, spanNamed } from './spans.ts'

interface Props {
  /** Whether single readings can be shown as they come. */
  readonly hasLive: boolean
  readonly chosen: ChartSpan
}

export function SpanChoice({ hasLive, chosen }: Props): JSX.Element {
  const choices = useChoices()
  return (
    <Tabs
      label="Time"
      areChoices
      tabs={SPANS.filter(({ name }) => hasLive || name !== 'live').map(({ name, title }) => ({
        path: choices.with({ span: name === '1' ? '' : name, from: '', to: '' }),
        title,
        isCurrent: name === chosen.name,
      }))}
    />
  )
}

/** The span that the address names. */
export function useSpan(hasLive: boolean): ChartSpan {
  const span = spanNamed(useChoices().of('span'))
  return span.name === 'live' && !hasLive ? spanNamed('') : span
}
