/** Runs SQL queries over the history and the topics, and shows their results. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Answers } from '../../api/api.ts'
import { addressOf } from '../data/address.ts'
import { act } from '../data/answers.ts'
import { ask, problemOf } from '../data/ask.ts'
import { Choice } from '../parts/forms.tsx'
import { Once } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { countText, durationText, numberText } from '../parts/words.ts'
import './sql.css'

type Shown = Answers['/sql/query']
type Result = Extract<Shown, { readonly state: 'done' }>

const POLL_MS = 500
const EXAMPLE =
  'SELECT alert_type, severity, count(*) AS alerts\nFROM alert_log GROUP BY 1, 2 ORDER BY alerts DESC'
const SINCE = [
  ['1', '1 hour'],
  ['24', '1 day'],
  ['168', '7 days'],
  ['720', '30 days'],
  ['', 'all time'],
] as const

export function Sql(): JSX.Element {
  return (
    <>
      <h1>SQL</h1>
      <Once path="/sql" what="the views">
        {about => (
          <>
            <QueryForm {...about} />
            <h2>Views</h2>
            {about.views.map(({ name, columns }) => (
              <details key={name}>
                <summary>{name}</summary>
                <ul class="sql-columns">
                  {columns.map(column => (
                    <li key={column.name}>
                      <code>{column.name}</code> <small>{column.type}</small>
                    </li>
                  ))}
                </ul>
              </details>
            ))}
          </>
        )}
      </Once>
    </>
  )
}

function QueryForm({ maxRows }: Answers['/sql']): JSX.Element {
  const [statements, setStatements] = useState(EXAMPLE)
  const [hours, setHours] = useState('24')
  const { shown, isRunning, run, cancel } = useQuery()
  const start = (event: Event) => {
    event.preventDefault()
    run({ statements, ...(hours !== '' ? { hours: Number(hours) } : {}) })
  }
  return (
    <>
      <form onSubmit={start} aria-label="Query">
        <label>
          Query
          <textarea
            class="sql-text"
            rows={6}
            spellcheck={false}
            value={statements}
            onInput={event => setStatements(event.currentTarget.value)}
          />
        </label>
        <div class="bar">
          <Choice label="Records of the last" value={hours} set={setHours} options={SINCE} />
          <button type="submit" aria-busy={isRunning} disabled={isRunning}>
            Run
          </button>
          <button type="button" class="secondary outline" disabled={!isRunning} onClick={cancel}>
            Cancel
          </button>
        </div>
      </form>
      {shown?.state === 'running' && <p role="status">Running: {shown.progress || 'starting'} …</p>}
      {shown?.state === 'cancelled' && <p role="status">The query was cancelled.</p>}
      {shown?.state === 'failed' && (
        <pre class="problem" role="alert">
          {shown.message}
        </pre>
      )}
      {shown?.state === 'done' && <ResultTable result={shown} maxRows={maxRows} />}
    </>
  )
}

function ResultTable({
  result,
  maxRows,
}: {
  readonly result: Result
  readonly maxRows: number
}): JSX.Element {
  const { columns, rows, isCut, tookMs, notices } = result
  return (
    <>
      <p role="status">
        {isCut ? `The first ${numberText(maxRows)} rows` : countText(rows.length, 'row')}, in{' '}
        {durationText(tookMs)}.
      </p>
      {notices.map(notice => (
        <p key={notice} class="warn">
          {notice}
        </p>
      ))}
      <Table
        name="rows"
        caption="rows"
        columns={columns.map(columnOf)}
        rows={rows.map((cells, index) => ({ cells, index }))}
        keyOf={({ index }) => String(index)}
        pageSize={100}
        empty="The result has no rows."
      />
    </>
  )
}

interface Row {
  readonly cells: Result['rows'][number]
  readonly index: number
}

function columnOf({ name, isNumber }: Result['columns'][number], index: number): Column<Row> {
  return {
    heading: name,
    cell: ({ cells }) => textOf(cells[index]),
    sortBy: ({ cells }) =>
      isNumber ? Number(cells[index] ?? Number.NEGATIVE_INFINITY) : textOf(cells[index]),
    ...(isNumber ? { align: 'right' as const } : {}),
  }
}

function textOf(value: Result['rows'][number][number] | undefined): string {
  if (value === null || value === undefined) return 'NULL'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Runs one query at a time, and asks for its state until it ends. A query is cancelled when the page is left. */
function useQuery() {
  const [shown, setShown] = useState<Shown>()
  const current = useRef<{ id?: string; isOver: boolean }>({ isOver: true })
  const stop = () => {
    const query = current.current
    query.isOver = true
    if (query.id !== undefined) void act('POST /sql/cancel', { id: query.id }).catch(() => {})
  }
  useEffect(() => stop, [])
  const run = async (body: { readonly statements: string; readonly hours?: number }) => {
    const query: { id?: string; isOver: boolean } = { isOver: false }
    current.current = query
    setShown({ state: 'running', progress: '' })
    try {
      query.id = (await act('POST /sql/queries', body)).id
      if (query.isOver) return stop()
      while (!query.isOver) {
        const state = await ask<Shown>(addressOf('/sql/query', { id: query.id }))
        if (query.isOver) return
        setShown(state)
        if (state.state === 'running') await new Promise(done => setTimeout(done, POLL_MS))
        else query.isOver = true
      }
    } catch (error) {
      query.isOver = true
      setShown({ state: 'failed', message: problemOf(error).message })
    }
  }
  const cancel = () => {
    stop()
    setShown({ state: 'cancelled' })
  }
  return { shown, isRunning: shown?.state === 'running', run, cancel }
}
