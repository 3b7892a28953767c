// What the page tells: a line at the bottom, and what a screen reader says.

class Notices {
  notice = $state.raw<{ text: string; bad: boolean } | null>(null);
  spoken = $state('');
  loading = $state(''); // what is being waited for

  complain(text: string): void {
    this.notice = { text, bad: true };
  }

  /** What is no fault of the page's, and should be seen; it goes by itself. */
  tell(text: string): void {
    const notice = (this.notice = { text, bad: false });
    this.say(text);
    setTimeout(() => this.notice === notice && this.dismiss(), 12_000);
  }

  say(text: string): void {
    this.spoken = text;
  }

  dismiss(): void {
    this.notice = null;
  }

  /** Wait for something that may fail, which is then said. */
  async attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    this.loading = what;
    try {
      return await work();
    } catch (error) {
      this.complain((error as Error).message);
      return null;
    } finally {
      this.loading = '';
    }
  }
}

export const notices = new Notices();
