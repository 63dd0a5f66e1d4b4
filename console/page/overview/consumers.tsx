/** Current and recent lag of each consumer, in records and seconds. */
import type { JSX } from 'preact'
import type { History, Overview, ShownConsumer } from '../../api/overview/shapes.ts'
import { addressOf } from '../data/address.ts'
import { Sparkline } from '../parts/facts.tsx'
import { Badge } from '../parts/marks.tsx'
import { type Column, column, linkColumn, Table } from '../parts/table.tsx'
import { durationText, numberText, rateText } from '../parts/words.ts'
import { pastOf, stateOf, urgencyOf } from './figures.ts'

interface Props {
  readonly overview: Overview
  readonly past: History
}

export function Consumers({ overview, past }: Props): JSX.Element {
  return (
    <Table
      name="consumers"
      caption="consumers"
      columns={columnsOf(overview, past)}
      rows={overview.consumers}
      keyOf={({ function: name, topic }) => `${name}/${topic}`}
      empty="serverless.yml declares no functions that read a topic."
      pageSize={50}
    />
  )
}

function waitText(seconds: number): string {
  return seconds === 0 ? '0 s' : durationText(seconds * 1_000)
}

const FIGURES = [
  { heading: 'Records a second', name: 'rate', text: (value: number) => rateText(value), top: 1 },
  { heading: 'Lag, records', name: 'lag', text: numberText, top: 10 },
  { heading: 'Lag, time', name: 'wait', text: waitText, top: 5 },
] as const

function columnsOf(overview: Overview, past: History): Column<ShownConsumer>[] {
  const figureOf = (figure: string, { function: name, topic }: ShownConsumer) =>
    overview.values[`${figure}/${name}/${topic}`] ?? null
  const figures = FIGURES.map(({ heading, name: figure, text, top }): Column<ShownConsumer> => {
    return {
      heading,
      sortBy: consumer => figureOf(figure, consumer) ?? -1,
      cell: consumer => {
        const value = figureOf(figure, consumer)
        const { function: name, topic } = consumer
        return (
          <span class="overview-figure">
            <Sparkline
              values={pastOf(past, `${figure}/${name}/${topic}`)}
              label={`${heading} of ${name}`}
              text={text}
              top={top}
            />
            <span class="right">{value === null ? '–' : text(value)}</span>
          </span>
        )
      },
    }
  })
  return [
    linkColumn(
      'Consumer',
      ({ function: name }) => name,
      ({ group }) => addressOf('/kafka/groups', { group }),
    ),
    column(
      'Reads',
      ({ signal, topic }) => (
        <a href={addressOf('/kafka', { topic })} title={topic}>
          {signal ?? topic}
        </a>
      ),
      ({ topic }) => topic,
    ),
    ...figures,
    column(
      'State',
      consumer => {
        const { tone, text } = stateOf(consumer, overview)
        return <Badge tone={tone}>{tone === 'bad' ? 'stalled' : text}</Badge>
      },
      consumer => urgencyOf(stateOf(consumer, overview)),
    ),
  ]
}
