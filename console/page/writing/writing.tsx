/** Writes into the environment: a reading from a form, or a recorded stream. On a developer's machine only. */
import type { JSX } from 'preact'
import type { WritingForms } from '../../api/writing.ts'
import { useAnswer } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { ReadingForm } from './reading-form.tsx'
import { ReplayForm } from './replay.tsx'
import './writing.css'

export function Writing(): JSX.Element {
  const forms = useAnswer<WritingForms>('/writing')
  return (
    <>
      <h1>Write</h1>
      <Known of={forms} what="the forms">
        {all => (
          <div class="writing-parts">
            <ReadingForm {...all} />
            <ReplayForm recordings={all.recordings} />
          </div>
        )}
      </Known>
    </>
  )
}
