/* Browsers start no worker from file:// addresses. There, a hidden frame runs the script instead, so that search works
 * in a site that was opened from a folder. Served over HTTP, workers are left as they are. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => this.deliver(this, data);
      const script = inside.document.createElement("script");
      script.src = new URL(address, location.href).href;
      script.onload = () => {
        const waiting = this.waiting;
        this.waiting = null;
        waiting.forEach((data) => this.deliver(inside, data));
      };
      script.onerror = () => this.onerror && this.onerror(new Event("error"));
      inside.document.body.append(script);
    }
    postMessage(data) {
      this.waiting ? this.waiting.push(data) : this.deliver(this.frame.contentWindow, data);
    }
    deliver(target, data) {
      setTimeout(() => {
        const message = new MessageEvent("message", { data });
        if (target.onmessage) target.onmessage(message);
        target.dispatchEvent(message);
      });
    }
    terminate() {
      this.frame.remove();
    }
  };
}
