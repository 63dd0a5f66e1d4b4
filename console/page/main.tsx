/** Entry point of the page. Shared styles are imported first, so that areas can override them. */
import { EnvironmentContext, useAnswer, useLive } from './client/api-queries.ts'
import { AnswerView, EmptyMessage } from './components/answer-view.tsx'
import '@picocss/pico/css/pico.min.css'
import './style.css'
import { type JSX, render } from 'preact'
import { LocationProvider, Route, Router } from 'preact-iso'
import { AREAS } from './areas.tsx'
import { OperationDialogs } from './operations/operation-button.tsx'
import { QuestionsContext } from './questions/question-list.tsx'
import { Shell } from './shell.tsx'

function Console(): JSX.Element {
  const answer = useLive('/environment')
  const questions = useAnswer('/questions')
  return (
    <AnswerView of={answer} what="the environment">
      {environment => (
        <EnvironmentContext.Provider value={environment}>
          <AnswerView of={questions} what="the pages">
            {questions => (
              <QuestionsContext.Provider value={questions}>
                <Pages />
              </QuestionsContext.Provider>
            )}
          </AnswerView>
        </EnvironmentContext.Provider>
      )}
    </AnswerView>
  )
}

function Pages(): JSX.Element {
  return (
    <LocationProvider>
      <Shell>
        <OperationDialogs>
          <Router>
            {AREAS.flatMap(({ path, page }) => [
              <Route key={path} path={path} component={page} />,
              ...(path === '/' ? [] : [<Route key={`${path}/*`} path={`${path}/*`} component={page} />]),
            ])}
            <Route default component={NoSuchPage} />
          </Router>
        </OperationDialogs>
      </Shell>
    </LocationProvider>
  )
}

function NoSuchPage(): JSX.Element {
  return (
    <>
      <h1>Page not found</h1>
      <EmptyMessage>
        Go to the <a href="/">overview</a>.
      </EmptyMessage>
    </>
  )
}

const place = document.getElementById('console')
if (place) render(<Console />, place)
