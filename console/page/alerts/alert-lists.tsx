/** Lists of firing and past alerts, and of pending ones. */
import type { JSX } from 'preact'
import { QuestionList } from '../questions/question-list.tsx'

export function AlertList(): JSX.Element {
  return (
    <>
      <QuestionList path="/alerts/list" />
      <QuestionList path="/alerts/pending" sharesFields />
    </>
  )
}
