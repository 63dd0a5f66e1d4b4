/** Page of a question: its filter as a form, its notes, and its rows as a table. Everything follows from its description. */
import { type ComponentChildren, createContext, type JSX } from 'preact'
import { useContext } from 'preact/hooks'
import type {
  QuestionAnswers,
  QuestionPath,
  QuestionTexts,
  QuestionRows as RowsByPath,
  ShownField,
  ShownQuestions,
} from '../../api/questions.ts'
import { type QueryOptions, type QueryState, useAnswer, useLive } from '../client/api-queries.ts'
import { useParameter, useParameters } from '../client/url-parameters.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Filters, FormField, useSettled } from '../components/form-fields.tsx'
import { formatNumber } from '../components/value-texts.ts'
import { toTable } from './cells.tsx'

/** Descriptions of questions by the path of their route. */
export const QuestionsContext = createContext<ShownQuestions | undefined>(undefined)

interface Props<Path extends QuestionPath> {
  readonly path: Path
  /** True for a list below another one, which has a heading. With `fields`, it shares the fields of the one above. */
  readonly below?: 'list' | 'fields'
  /** Button of a row. */
  readonly action?: ((row: RowsByPath[Path]) => ComponentChildren) | undefined
  /** Shown above the rows, for what data cannot say. Receives the answer, and the filter that is given. */
  readonly children?:
    | ((answer: QuestionAnswers[Path], filter: QuestionTexts[Path]) => ComponentChildren)
    | undefined
}

/** Shows a question with its filter as a form. The values of the filter are parameters of the URL. */
export function QuestionList<Path extends QuestionPath>(props: Props<Path>): JSX.Element {
  const { path, below, action, children } = props
  const [parameters] = useParameters()
  const { title, fields = [] } = useContext(QuestionsContext)?.[path] ?? {}
  const entries = fields.map(({ name }) => [name, parameters[name] ?? '']).filter(([, value]) => value !== '')
  const given = useSettled(JSON.stringify(entries))
  const isFilter = below !== 'fields' && fields.length > 0
  const { answer: values = {}, problem } = useAnswer('/questions/values', { path }, { skip: !isFilter })
  return (
    <>
      {below && <h2>{title}</h2>}
      {isFilter && (
        <Filters inForce={entries.length} isFolded={fields.length > 1}>
          {fields.map(field => (
            <FilterField
              key={field.name}
              field={field}
              values={problem ? undefined : (values[field.name] ?? [])}
            />
          ))}
        </Filters>
      )}
      <QuestionRows path={path} filter={Object.fromEntries(JSON.parse(given))} action={action}>
        {children}
      </QuestionRows>
    </>
  )
}

interface RowsProps<Path extends QuestionPath> extends Props<Path> {
  readonly filter: QuestionTexts[Path]
}

/** Returns a question and its answer, with updates. */
export function useQuestion<Path extends QuestionPath>(
  path: Path,
  filter: QuestionTexts[Path],
  options?: QueryOptions,
): { question: ShownQuestions[Path] | undefined; answer: QueryState<QuestionAnswers[Path]> } {
  return { question: useContext(QuestionsContext)?.[path], answer: useLive(path, filter, options) }
}

/** Shows the answer to a question, with updates. */
export function QuestionRows<Path extends QuestionPath>(props: RowsProps<Path>): JSX.Element {
  const { path, filter, action, children } = props
  const { question, answer } = useQuestion(path, filter, { keep: true })
  if (!question) return <p class="loading" aria-busy="true" />
  const { title, key, columns, empty, fields } = question
  const initial = fields.map(({ name, form }) => [name, form.type === 'choice' ? form.otherwise : undefined])
  const wanted = { ...Object.fromEntries(initial), ...filter }
  const caption = title.toLowerCase()
  return (
    <AnswerView of={answer} what={`the ${caption}`}>
      {answer => (
        <>
          {answer.more > 0 && <p>{formatNumber(answer.more)} more: narrow the filter to see them.</p>}
          {answer.notes.map(note => (
            <p key={note}>{note}</p>
          ))}
          {children?.(answer, filter)}
          {(answer.rows.length > 0 || answer.notes.length === 0) && (
            <DataTable
              {...toTable(columns, answer.rows, action, wanted)}
              name={caption}
              caption={caption}
              getKey={row => String(row[key])}
              empty={empty}
            />
          )}
        </>
      )}
    </AnswerView>
  )
}

interface FilterProps {
  readonly field: ShownField
  readonly values: readonly string[] | undefined
}

function FilterField({ field, values }: FilterProps): JSX.Element {
  const [value, set] = useParameter(field.name)
  return <FormField {...{ field, value, set, values }} />
}
