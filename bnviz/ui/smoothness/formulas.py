"""What the sections of Smoothness compute, in LaTeX; the same in every language."""

#: By the kind of measure.
FORMULAS: dict[str, tuple[str, ...]] = {
    "replay": (
        r"\hat L(d) = \frac{\lVert\nabla f(\theta+\varepsilon d)-\nabla f(\theta)\rVert}"
        r"{\lVert\varepsilon d\rVert}\,,\qquad d\sim\mathcal N(0, I_n),\ \varepsilon=10^{-5}",
    ),
    "scales": (
        r"\nabla f(\theta+s)-\nabla f(\theta) = \Big(Hs + O(\lVert s\rVert^2)\Big) + "
        r"\sum_{(j,b)\in C(s)}\Delta_{j,b} + O\big(u\,\lVert\nabla f\rVert\big)",
    ),
    "extremes": (
        r"\mathbb E_u\,\lVert Hu\rVert^2 = \frac{\operatorname{tr}(H^2)}{n}"
        r" = \frac1n\sum_{i=1}^n\lambda_i^2"
        r"\ \le\ \max_i\lambda_i^2\,,\qquad \lVert u\rVert = 1",
    ),
    "density": (
        r"\varphi(\lambda) = \frac1n\sum_{i=1}^n\delta(\lambda-\lambda_i)"
        r" \approx \frac1P\sum_{p=1}^P\sum_{k=1}^m \omega_k^{(p)}\,"
        r"g_\sigma\big(\lambda-\ell_k^{(p)}\big)",
    ),
    "gap": (
        r"\log\frac{\lambda_\text{plain, raw}}{\lambda_\text{BN, raw, eval}} = "
        r"\log\frac{\lambda_\text{plain, raw}}{\lambda_\text{plain, std}} + "
        r"\log\frac{\lambda_\text{plain, std}}{\lambda_\text{BN, std, train}} + "
        r"\log\frac{\lambda_\text{BN, std, train}}{\lambda_\text{BN, raw, train}} + "
        r"\log\frac{\lambda_\text{BN, raw, train}}{\lambda_\text{BN, raw, eval}}",
    ),
    "along": (
        r"f(\theta_t-\eta g)\,,\qquad \lVert\nabla f(\theta_t-\eta g) - g\rVert\,,\qquad "
        r"\beta_t = \max_\eta\frac{\lVert\nabla f(\theta_t-\eta g) - g\rVert}{\lVert\eta g\rVert}"
        r"\,,\qquad g=\nabla f(\theta_t)",
    ),
    "landscape": (
        r"f(\theta + a\,d_1 + b\,d_2)\,,\qquad "
        r"d_{\text{filter}} \leftarrow \frac{d_{\text{filter}}}{\lVert d_{\text{filter}}\rVert}"
        r"\,\lVert\theta_{\text{filter}}\rVert",
    ),
    "stability": (
        r"\theta_{t+1} = \theta_t - \eta\nabla f(\theta_t)\quad\Longrightarrow\quad "
        r"x_{t+1} = (1-\eta\lambda)\,x_t\,,\qquad |1-\eta\lambda| > 1 \iff \eta > \frac{2}{\lambda}"
        r"\quad(\lambda>0)",
    ),
}
