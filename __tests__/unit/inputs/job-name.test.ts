import { describe, expect, it } from '@jest/globals'
import { parseJobName, printJobName } from '../../../src/inputs/job-name.ts'

describe('the name of a Job', () => {
  it.each(['job/migrate', 'jobs/migrate', 'job.batch/migrate', 'Job/migrate'])('is read: %s', (text) => {
    expect(parseJobName(text)).toEqual({ value: 'migrate' })
  })

  it('prints back', () => {
    expect(parseJobName(printJobName('web.migrate-2'))).toEqual({ value: 'web.migrate-2' })
  })

  it.each([
    ['migrate', '"migrate" cannot run before or after a release, only Jobs can', 'job/migrate'],
    ['cronjob/report', '"cronjob/report" cannot run before or after a release, only Jobs can', 'job/report'],
    ['job/', '"job/" does not name a Job', 'job/migrate'],
    ['job/Migrate', '"job/Migrate" does not name a Job', 'job/migrate'],
    ['job/a/b', '"job/a/b" does not name a Job', 'job/migrate']
  ])('is refused: %s', (text, problem, example) => {
    expect(parseJobName(text)).toEqual({ problem, example })
  })
})
