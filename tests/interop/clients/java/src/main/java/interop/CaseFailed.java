package interop;

/** What was not as the case says, in one line. */
final class CaseFailed extends RuntimeException {
  CaseFailed(String why) {
    super(why);
  }

  /** Fails the case unless it holds. */
  static void expect(boolean holds, String why) {
    if (!holds) {
      throw new CaseFailed(why);
    }
  }
}
