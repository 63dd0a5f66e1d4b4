/** Routes of questions, and the one that describes them to the page. */
import type { Context } from 'hono'
import { string } from 'valibot'
import { ALL_QUESTIONS, type QuestionsByPath } from '../../control/questions/all.ts'
import type { FieldForm, Fields } from '../../control/questions/field.ts'
import type { FieldRules } from '../../control/questions/field-rules.ts'
import {
  type AnyQuestion,
  ask,
  type KnownValues,
  type Question,
  type QuestionAnswer,
  type Shown,
  type WithLists,
} from '../../control/questions/question.ts'
import { Failure } from '../../lib/support/failure.ts'
import type { Cache } from '../cache.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { declareQuery, declareSharedQuery, type Route, type Routes } from '../http/declare-route.ts'
import { parseFilter } from '../http/request-input.ts'

/** Limits of an answer. Pages repeat their questions every few seconds. */
const PAGE_LIMITS = { most: 1_000, mostRecords: 100_000, withinMs: 10_000 }

/** Question as the page shows it. */
export interface ShownQuestion<Row, Lists> extends Required<Shown<Row, Lists>> {
  readonly fields: readonly ShownField[]
}

export interface ShownField {
  readonly name: string
  readonly about: string
  readonly isRequired: boolean
  readonly isList: boolean
  /** Fields that cannot be given with it. */
  readonly conflicts: readonly string[]
  readonly form: FieldForm
}

export type QuestionPath = keyof QuestionsByPath

type TypesOf<Of> =
  Of extends Question<infer Fields, infer Row, infer Lists>
    ? { fields: Fields; row: Row; lists: Lists }
    : never

/** Types of a question: the fields of its filter, its rows, and the items of their lists. */
type Types = { readonly [Path in QuestionPath]: TypesOf<QuestionsByPath[Path]> }

/** Types of the lists of each question's rows. */
export type QuestionLists = { readonly [Path in QuestionPath]: Types[Path]['lists'] }

/** Rows of each question. */
export type QuestionRows = {
  readonly [Path in QuestionPath]: Types[Path]['row'] & WithLists<QuestionLists[Path]>
}

/** Texts by the names of the fields of each question. */
export type QuestionTexts = {
  readonly [Path in QuestionPath]: { readonly [Name in keyof Types[Path]['fields']]?: string }
}

export type QuestionAnswers = { readonly [Path in QuestionPath]: QuestionAnswer<QuestionRows[Path]> }

export type ShownQuestions = {
  readonly [Path in QuestionPath]: ShownQuestion<QuestionRows[Path], QuestionLists[Path]>
}

/** Declares the routes of all questions, one that describes them to the page, and one with the values that its filters offer. */
export function declareQuestions(environment: ConsoleEnvironment): Routes {
  const all = Object.values(ALL_QUESTIONS)
  const describeAll = () => all.map(async ({ path, load }) => [path, describe(await load())] as const)
  return {
    ...Object.fromEntries(all.map(({ path, load }) => [path, declareQuestion(environment, load)])),
    '/questions': declareQuery({}, async () => Object.fromEntries(await Promise.all(describeAll()))),
    '/questions/values': declareSharedQuery({ path: string() }, async ({ path }): Promise<KnownValues> => {
      const question = await all.find(question => question.path === path)?.load()
      return (await question?.visit(({ page }) => page?.values?.(environment))) ?? {}
    }),
  }
}

function declareQuestion(environment: ConsoleEnvironment, load: () => Promise<AnyQuestion>): Route<unknown> {
  return {
    addTo: (app, path, shared) => {
      app.get(path, async request => {
        const question = await load()
        const answer = await question.visit(question => askShared(question, environment, request, shared))
        if (answer instanceof Failure) throw answer
        return request.json(answer)
      })
    },
  }
}

/** Answers a request. All who ask the same share an answer. @throws ProblemError for an invalid filter */
function askShared<Of extends Fields, Row, Lists>(
  question: Question<Of, Row, Lists>,
  environment: ConsoleEnvironment,
  { req: request }: Context,
  shared: Cache<unknown>,
): Promise<unknown> {
  const { sharedMs, values: _, ...own } = question.page ?? {}
  const { filter, texts } = parseFilter(question.filter, request.query())
  const limits = { ...PAGE_LIMITS, ...own, nowMs: Date.now() }
  const answer = () => ask(question, environment, filter, limits).catch(returnMissing)
  return shared.get(`${request.path} ${JSON.stringify(texts)}`, answer, sharedMs)
}

/** Returns the error for a missing thing. It is shared like an answer, because the search for it can be as long. */
function returnMissing(error: unknown): Failure {
  if (error instanceof Failure && error.isMissing) return error
  throw error
}

/** Returns the fields that forms can have. */
export function describeFields(fields: Fields, { conflicts = [] }: FieldRules<string> = {}): ShownField[] {
  const findConflicts = (name: string) =>
    conflicts.flatMap(([first = '', ...others]) =>
      first === name ? others : others.includes(name) ? [first] : [],
    )
  return Object.entries(fields)
    .filter(([, { only }]) => only !== 'terminal')
    .map(([name, { about, form, isRequired = false, isList = false }]) => ({
      ...{ name, about, isRequired, isList, form },
      conflicts: findConflicts(name),
    }))
}

function describe({ title, filter, key, columns, sections = [], empty }: AnyQuestion) {
  return { title, fields: describeFields(filter), key, columns, sections, empty }
}
