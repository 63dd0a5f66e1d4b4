/** List of messages, one per row. A row expands to show the full message. */

import { Fragment, type JSX } from 'preact'
import type { MessageList, MessageRow } from '../../../api/kafka/messages/message-list.ts'
import { buildAddress } from '../../client/address.ts'
import { useParameter } from '../../client/url-parameters.ts'
import { EmptyMessage } from '../../components/answer-view.tsx'
import { TableFrame } from '../../components/data-table.tsx'
import { Moment } from '../../components/labels.tsx'
import { formatCount, formatNumber, formatTime } from '../../components/value-texts.ts'
import { EventTime, getFailureClass, MessagePanel } from './message-details.tsx'
import { MESSAGES, type MessageParameters } from './message-parameters.ts'

interface Props {
  readonly list: MessageList
  readonly parameters: MessageParameters
  /** Position of the message that is expanded initially, from the URL. */
  readonly opened: string
}

/** Columns behind the place, with their content; null where a message has none. A narrow screen leaves out those that are `wide`. */
const COLUMNS: readonly (readonly [
  heading: string,
  show: (row: MessageRow) => JSX.Element | string | null,
  width?: 'wide',
])[] = [
  ['Written', ({ recordTime }) => <Moment at={recordTime} />],
  ['Event time', ({ eventTime }) => eventTime && <EventTime at={eventTime} />, 'wide'],
  ['Type', ({ type, failure }) => type ?? <span class={getFailureClass(failure)}>{failure}</span>, 'wide'],
  ['Entity', ({ entity }) => entity && <span class="name">{entity}</span>],
  ['Content', ({ summary }) => <span class="second">{summary}</span>],
  ['Key', ({ key, entity }) => (key === entity ? null : key && <span class="mono name">{key}</span>), 'wide'],
]

export function MessageTable({ list, parameters, opened }: Props): JSX.Element {
  const [open, setOpen] = useParameter('open', opened)
  const { messages, topic } = list
  if (messages.length === 0) return <EmptyList list={list} parameters={parameters} />
  // Plain records have no event time, so their content gets its width.
  const columns = COLUMNS.filter(([, show]) => messages.some(row => show(row) !== null))
  return (
    <>
      <TableFrame
        label="Messages"
        caption={`Messages of ${topic}`}
        hasLines
        head={[['Place'] as const, ...columns].map(([heading, , width]) => (
          <th key={heading} scope="col" class={width}>
            {heading}
          </th>
        ))}
      >
        {messages.map(row => {
          const place = `${row.partition}:${row.offset}`
          const isOpen = open === place
          return (
            <Fragment key={place}>
              <Line
                row={row}
                columns={columns}
                isOpen={isOpen}
                onToggle={() => setOpen(isOpen ? 'none' : place)}
              />
              {isOpen && (
                <tr>
                  <td colSpan={columns.length + 1}>
                    <div class="opened">
                      <MessagePanel topic={topic} partition={row.partition} offset={row.offset} />
                    </div>
                  </td>
                </tr>
              )}
            </Fragment>
          )
        })}
      </TableFrame>
      <p class="muted">{describeReach(list)}</p>
      <NextPageLink list={list} parameters={parameters} />
    </>
  )
}

interface LineProps {
  readonly row: MessageRow
  readonly columns: typeof COLUMNS
  readonly isOpen: boolean
  readonly onToggle: () => void
}

function Line({ row, columns, isOpen, onToggle }: LineProps): JSX.Element {
  const { partition, offset } = row
  return (
    <tr>
      <td data-heading="Place">
        <button type="button" class="sort" aria-expanded={isOpen} onClick={onToggle}>
          <span class="unseen">Message </span>
          {partition}@{offset}
        </button>
      </td>
      {columns.map(([heading, show, width]) => (
        <td key={heading} data-heading={heading} class={width}>
          {show(row) ?? '–'}
        </td>
      ))}
    </tr>
  )
}

function EmptyList({
  list,
  parameters,
}: {
  readonly list: MessageList
  readonly parameters: MessageParameters
}): JSX.Element {
  const { held, looked, hidden } = list
  if (held === 0)
    return <EmptyMessage>Kafka keeps no message of this topic that can be read now.</EmptyMessage>
  if (looked === 0)
    return <EmptyMessage>There is no message from there on. Begin with the newest, or earlier.</EmptyMessage>
  return (
    <>
      <EmptyMessage>
        {hidden === looked
          ? 'All messages are ticks or rule sets, which only the functions use. To show them, begin with an offset.'
          : `No messages match. ${describeReach(list)}`}
      </EmptyMessage>
      <NextPageLink list={list} parameters={parameters} />
    </>
  )
}

/** Link to the next page of messages. It is a link and not a button, so that the browser's back button works. */
function NextPageLink({
  list,
  parameters,
}: {
  readonly list: MessageList
  readonly parameters: MessageParameters
}): JSX.Element | null {
  const { cursor, endedBy, isNewestFirst } = list
  if (cursor === null) return null
  const isStopped = endedBy === 'limit'
  const text = isNewestFirst
    ? isStopped
      ? 'Look further back'
      : 'Older messages'
    : isStopped
      ? 'Look further'
      : 'Newer messages'
  return (
    <p>
      <a href={buildAddress(MESSAGES, { ...parameters, cursor })}>{text}</a>
    </p>
  )
}

/** Describes how much of the topic was searched and why the search ended. */
function describeReach(list: MessageList): string {
  const { looked, hidden, endedBy, reached, held, isNewestFirst } = list
  const ticks = hidden > 0 ? `, ${formatNumber(hidden)} of them ticks or rule sets, which are not shown` : ''
  const looking = `Searched ${formatNumber(looked)} of ${formatCount(held, 'message')}${ticks}`
  if (endedBy === 'end') return `${looking}. There are no further messages.`
  if (endedBy === 'found') return `${looking}.`
  const way = isNewestFirst ? 'back to' : 'up to'
  return `${looking}, ${way} ${reached === null ? 'the first' : formatTime(reached, Date.now())}, where the limit of one search was reached.`
}
