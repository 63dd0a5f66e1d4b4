/** One alert, with the chart around it, and the reading that caused it. */

import type { JSX } from 'preact'
import { formatQuantity, shortNumber } from '../../../lib/support/short-number.ts'
import type { QuestionRows } from '../../api/questions.ts'
import { buildAddress } from '../client/address.ts'
import { SingleAnswer } from '../components/answer-view.tsx'
import { Facts } from '../components/facts.tsx'
import { Moment, splitEntity } from '../components/labels.tsx'
import { formatDigits } from '../components/value-texts.ts'
import { QuestionThing } from '../questions/question-thing.tsx'
import { AlertChart } from './alert-chart.tsx'
import { SilenceButton } from './silences.tsx'

type Alert = QuestionRows['/alerts/one']

interface Props {
  readonly alert: Alert
}

export function AlertDetailsPage({ name }: { readonly name: string }): JSX.Element {
  return (
    <QuestionThing path="/alerts/one" filter={{ alert: name }} back={['/alerts', 'All alerts']}>
      {alert => (
        <>
          {alert.state === 'firing' && <SilenceAlert alert={alert} />}
          <AlertChart alert={alert} />
          <Cause alert={alert} />
        </>
      )}
    </QuestionThing>
  )
}

function SilenceAlert({ alert: { rule, entity } }: Props): JSX.Element {
  const { source, subject } = splitEntity(entity)
  return (
    <div class="bar">
      <SilenceButton matchers={{ rule, source, entity: subject }} />
    </div>
  )
}

const AS = {
  fired: 'The alert fired with this reading.',
  began: 'The condition began with this reading; the alert fired after its duration.',
  last: 'This is the last reading of the entity before the alert fired.',
} as const

function Cause({ alert }: Props): JSX.Element {
  const fired = alert.transitions?.find(({ kind }) => kind === 'fired')
  return (
    <section aria-label="The reading that caused it" class="card">
      <h3>The reading that caused it</h3>
      {fired ? (
        <CausingReading alert={alert} fired={fired} />
      ) : (
        <p class="empty">Not found. The event of the firing alert is gone.</p>
      )}
    </section>
  )
}

interface CauseProps extends Props {
  readonly fired: { readonly partition: number; readonly offset: number }
}

function CausingReading({ alert, fired: { partition, offset } }: CauseProps): JSX.Element {
  const { metric } = alert
  return (
    <SingleAnswer path="/alerts/cause" query={{ partition, offset }} what="the causing reading">
      {({ cause, incomplete }) => {
        if (!cause) return <p class="empty">Not found. {incomplete}</p>
        const { as, time, data, id, ...place } = cause
        return (
          <>
            <p>{AS[as]}</p>
            <Facts
              areBeside
              of={[
                ['Read', <Moment key="read" at={time} />],
                metric && [metric, formatValue(data, metric, alert)],
                ['Id', id],
                [
                  'In Kafka',
                  <a key="place" href={buildAddress('/kafka/messages', place)}>
                    {`partition ${place.partition}, offset ${place.offset}`}
                  </a>,
                ],
              ]}
            />
          </>
        )
      }}
    </SingleAnswer>
  )
}

/** Formats the value of a metric in a reading: a number with its unit, such as `41.3 °C`, or a state. */
function formatValue(data: unknown, metric: string, { threshold, unit }: Alert): string {
  const value = (data as Readonly<Record<string, unknown>> | null)?.[metric]
  if (typeof value === 'number') return formatQuantity(formatDigits(shortNumber(value, [threshold])), unit)
  return typeof value === 'string' ? value : '–'
}
