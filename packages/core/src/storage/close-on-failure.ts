/** Does something with a file that was just opened; when that fails, closes the file and passes the failure on. */
export async function closeOnFailure<Result> (file: { close (): Promise<void> }, task: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (error) {
    await file.close()
    throw error
  }
}
