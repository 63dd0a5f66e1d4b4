/** Routes of questions, and the one that describes them to the page. */
import {
  ALL_QUESTIONS,
  type AnyQuestion,
  type ListedQuestion,
  type QUESTIONS,
  type QuestionOf,
  type QuestionWords,
} from '../../lib/questions/all.ts'
import type { Column } from '../../lib/questions/column.ts'
import type { FieldForm, Fields } from '../../lib/questions/field.ts'
import { type Answer, ask, type Question, type Section } from '../../lib/questions/question.ts'
import { Failure } from '../../lib/support/failure.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { declareQuery, type Route } from '../http/declare-route.ts'
import { parseFilter } from '../http/request-input.ts'

/** Limits of an answer. Pages repeat their questions every few seconds. */
const PAGE_LIMITS = { most: 1_000, mostRecords: 100_000, withinMs: 10_000 }

/** Question as the page shows it. */
export interface ShownQuestion {
  readonly title: string
  readonly fields: readonly ShownField[]
  readonly key: string
  readonly columns: readonly Column[]
  readonly sections: readonly Section[]
  readonly empty: string
}

export interface ShownField {
  readonly name: string
  readonly about: string
  readonly isRequired: boolean
  readonly form: FieldForm
}

type Words = QuestionWords

/** Routes of all questions by their paths, with the rows of their answers. */
type QuestionRoutes = {
  readonly [W in Words as (typeof QUESTIONS)[W]['path']]: Route<Answer<RowOf<QuestionOf<W>>>>
}

type RowOf<Of> = Of extends Question<infer _, infer Row> ? Row : never

/** Declares the routes of all questions, and one that describes them to the page, which asks it once. */
export function declareQuestions(
  environment: ConsoleEnvironment,
): QuestionRoutes & { readonly '/questions': Route<Readonly<Record<string, ShownQuestion>>> } {
  const all = Object.values(ALL_QUESTIONS)
  const describeAll = () => all.map(async ({ path, load }) => [path, describe(await load())] as const)
  return {
    ...Object.fromEntries(all.map(({ path, load }) => [path, declareQuestion(environment, load)])),
    '/questions': declareQuery({}, async () => Object.fromEntries(await Promise.all(describeAll()))),
  } as never
}

/** Declares the route of a question. All who ask the same share an answer. */
function declareQuestion(
  environment: ConsoleEnvironment,
  load: ListedQuestion['load'],
): Route<Answer<unknown>> {
  return {
    addTo: (app, path, shared) => {
      app.get(path, async request => {
        const question = await load()
        const { filter, texts } = parseFilter(question.filter, request.req.query())
        const limits = { ...PAGE_LIMITS, ...question.onPage, nowMs: Date.now() }
        const key = `${path} ${JSON.stringify(texts)}`
        const answer = await shared.get(
          key,
          () => ask(question, environment, filter, limits).catch(returnMissing),
          question.sharedMs,
        )
        if (answer instanceof Failure) throw answer
        return request.json(answer as Answer<unknown>)
      })
    },
  }
}

/** Returns the error for a missing thing. It is shared like an answer, because the search for it can be as long. */
function returnMissing(error: unknown): Failure {
  if (error instanceof Failure && error.isMissing) return error
  throw error
}

/** Returns the fields that forms can have. */
export function describeFields(fields: Fields): ShownField[] {
  return Object.entries(fields)
    .filter(([, { only }]) => only !== 'terminal')
    .map(([name, { about, form, isRequired = false }]) => ({ name, about, isRequired, form }))
}

function describe({ title, filter, key, columns, sections = [], empty }: AnyQuestion): ShownQuestion {
  return { title, fields: describeFields(filter), key, columns, sections, empty }
}
