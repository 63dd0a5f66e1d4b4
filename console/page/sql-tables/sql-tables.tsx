/** Tables that are declared in SQL, and the rows of one table, with a chart of its windows. */

import type { ComponentChildren, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { TimeChart } from '../charts/time-chart.tsx'
import { useParameter } from '../client/url-parameters.ts'
import { LiveAnswer } from '../components/answer-view.tsx'
import {
  column,
  DataTable,
  numberColumn,
  type TableColumn,
  textColumn,
  timeColumn,
} from '../components/data-table.tsx'
import { Choice, TextField, useSettled } from '../components/form-fields.tsx'
import { Moment } from '../components/labels.tsx'
import { formatNumber } from '../components/value-texts.ts'
import { QuestionList } from '../questions/question-list.tsx'
import { formatKey, type RowsAnswer, type ShownRow, toPoints } from './window-points.ts'

export function SqlTables(): JSX.Element {
  const [table] = useParameter('table')
  return table === '' ? <TableList /> : <OneTable key={table} name={table} />
}

function TableList(): JSX.Element {
  return (
    <>
      <h1>Tables</h1>
      <p>
        Tables that are declared in SQL, in <code>config/views</code> or by statements that were sent. The
        consumer <code>views</code> keeps their rows up to date.
      </p>
      <QuestionList path="/tables" />
    </>
  )
}

/** Shows the number of rows that a table has dropped, if there are any. */
function LateRows({ name }: { readonly name: string }): JSX.Element {
  return (
    <LiveAnswer path="/tables" what="the late rows">
      {({ rows }) => {
        const late = rows.find(table => table.name === name && table.state === 'active')?.late ?? 0
        return late > 0 && <p class="warn">Rows that were dropped as too late: {formatNumber(late)}</p>
      }}
    </LiveAnswer>
  )
}

function OneTable({ name }: { readonly name: string }): JSX.Element {
  const [typed, setTyped] = useParameter('key')
  const key = useSettled(typed)
  return (
    <>
      <h1>Table {name}</h1>
      <LateRows name={name} />
      <div class="bar">
        <TextField label="Key" placeholder="a key, or a part of it" value={typed} set={setTyped} />
      </div>
      <LiveAnswer path="/tables/rows" query={{ table: name, key }} keep what="the rows">
        {answer => (
          <>
            <WindowChart {...answer} />
            <RowTable table={name} answer={answer} />
            {!answer.isWhole && (
              <p class="warn">
                The first {answer.rows.length} rows are shown. Search for a key to see others.
              </p>
            )}
            <details>
              <summary>Statement</summary>
              <pre>
                <code>{answer.statement}</code>
              </pre>
            </details>
          </>
        )}
      </LiveAnswer>
    </>
  )
}

const START = 'Window start'

interface RowTableProps {
  readonly table: string
  readonly answer: RowsAnswer
  /** Prefix of the table's query parameters, which must differ between the tables of a page. */
  readonly name?: string
}

export function RowTable({ table, answer, name = 'rows' }: RowTableProps): JSX.Element {
  return (
    <DataTable
      name={name}
      caption={`rows of ${table}`}
      columns={buildColumns(answer)}
      rows={answer.rows}
      getKey={row => `${formatKey(answer.columns, row)} ${row.window?.startMs}`}
      empty="There are no rows with this key."
      {...(answer.window && { firstOrder: `-${START}` })}
    />
  )
}

function buildColumns({ columns, window }: RowsAnswer): readonly TableColumn<ShownRow>[] {
  const shown = columns.map(buildColumn)
  if (!window) return shown
  const keys = columns.filter(({ isKey }) => isKey).length
  return [
    ...shown.slice(0, keys),
    timeColumn<ShownRow>(START, row => row.window?.startMs ?? null),
    timeColumn<ShownRow>('Window end', row => row.window?.endMs ?? null),
    ...shown.slice(keys),
    textColumn<ShownRow>('Window', ({ isFinal }) => (isFinal ? 'final' : 'open')),
  ]
}

function buildColumn({ name, type, isApproximate }: RowsAnswer['columns'][number]): TableColumn<ShownRow> {
  const heading = isApproximate ? `${name} (approximate)` : name
  if (isNumeric({ type }))
    return numberColumn(heading, ({ values }) => {
      const value = values[name]
      return typeof value === 'number' ? value : null
    })
  return column(
    heading,
    ({ values }) => renderCell(values[name] ?? null, type),
    ({ values }) => String(values[name] ?? ''),
  )
}

function renderCell(value: ShownRow['values'][string], type: string): ComponentChildren {
  if (type === 'TIMESTAMP' && typeof value === 'number' && !Number.isNaN(new Date(value).getTime()))
    return <Moment at={value} />
  return value === null ? '–' : typeof value === 'object' ? value.join(', ') : String(value)
}

function isNumeric({ type }: { readonly type: string }): boolean {
  return type === 'BIGINT' || type === 'DOUBLE'
}

/** Shows a numeric column of one group over its windows. */
function WindowChart({ columns, rows, window }: RowsAnswer): JSX.Element | null {
  const numeric = columns.filter(column => !column.isKey && isNumeric(column)).map(({ name }) => name)
  const groups = [...new Set(rows.map(row => formatKey(columns, row)))]
  const [name, setName] = useParameter('column', numeric[0])
  const [chosen, setChosen] = useParameter('group', groups[0])
  // The chosen group may not be among the rows with the key.
  const group = groups.includes(chosen) ? chosen : groups[0]
  const own = useMemo(() => rows.filter(row => formatKey(columns, row) === group), [rows, columns, group])
  const points = useMemo(() => toPoints(own, name), [own, name])
  if (!window || group === undefined || !numeric.includes(name)) return null
  const values = points.lists.flat().filter(value => typeof value === 'number')
  const [least, most] = [Math.min(...values), Math.max(...values)].map(formatNumber)
  const spread = values.length === 0 ? 'no values' : `from ${least} to ${most}`
  return (
    <section class="card">
      <h2>
        {name} <small>{group}</small>
      </h2>
      <div class="bar">
        <Choice
          label="Column"
          value={name}
          set={setName}
          options={numeric.map(kind => [kind, kind] as const)}
        />
        <Choice
          label="Group"
          value={group}
          set={setChosen}
          options={groups.map(kind => [kind, kind] as const)}
        />
      </div>
      <TimeChart
        lines={[{ columns: points }]}
        fromMs={Math.min(...own.map(row => row.window?.startMs ?? 0))}
        toMs={Math.max(...own.map(row => row.window?.endMs ?? 0))}
        label={`${name} of ${group} in ${own.length} windows: ${spread}`}
        readout={at => {
          const value = points.lists[0]?.[at]
          return typeof value === 'number' ? formatNumber(value) : ''
        }}
      />
    </section>
  )
}
