/** Publishes readings, from a form or from a recording. Available on a local stack only. */
import type { JSX } from 'preact'
import { Once } from '../parts/known.tsx'
import { ReadingForm } from './reading-form.tsx'
import { ReplayForm } from './replay.tsx'
import './writing.css'

export function Writing(): JSX.Element {
  return (
    <>
      <h1>Write</h1>
      <Once path="/writing" what="the forms">
        {all => (
          <div class="columns">
            <ReadingForm {...all} />
            <ReplayForm recordings={all.recordings} />
          </div>
        )}
      </Once>
    </>
  )
}
